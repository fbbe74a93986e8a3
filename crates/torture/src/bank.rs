//! The institution: its gateways, and the simulator of the centre.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use document::signature::{VerifyError, anchors_from_pem, verify, verify_at};
use sha2::{Digest, Sha256};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::error::TortureError;
use crate::judge::{Asked, QUESTIONS_AT_ONCE, Said, Stored};
use crate::ledger::document_id;
use crate::material::stills_digest;
use crate::postgres::Server;
use crate::programs::{Programs, Running, output};

/// A port of this machine that is free.
const ANYWHERE: &str = "127.0.0.1:0";

/// The institution.
#[derive(Debug)]
pub struct Bank {
    programs: Programs,
    /// Configuration, keys and, without PostgreSQL, the database.
    pub folder: PathBuf,
    /// The logs, beside it.
    logs: PathBuf,
    centre: Running,
    centre_url: String,
    server: Option<Server>,
    gateways: Vec<Option<(Running, SocketAddr)>>,
    starts: u64,
    /// How often the database server was killed.
    database_kills: u64,
}

impl Bank {
    /// Makes the institution and starts the simulator of the centre; no gateway runs yet.
    ///
    /// # Errors
    /// When a program fails.
    pub fn found(programs: &Programs, work: &Path, postgres: bool) -> Result<Self, TortureError> {
        let folder = work.join("bank");
        let logs = work.join("logs");
        std::fs::create_dir_all(&logs).map_err(TortureError::file(&logs, "created"))?;
        let mut init = programs.command("alaqan-gateway");
        init.args(["init", "--listen", ANYWHERE, "--idec", ANYWHERE, "--dir"]);
        output(init.arg(&folder))?;
        let server = match postgres {
            true => Some(Server::found(&work.join("postgres"), &logs.join("postgres.log"))?),
            false => None,
        };
        let gateways = if postgres { 2 } else { 1 };
        let base = folder.join("gateway.toml");
        for number in 0..gateways {
            let config = folder.join(format!("gateway-{}.toml", number + 1));
            configure(&base, number, server.as_ref(), &config)?;
        }
        let ready = work.join("centre.ready");
        let mut command = programs.command("alaqan-idec-sim");
        command.arg("--config").arg(folder.join("idec.toml"));
        command
            .args(["--listen", ANYWHERE])
            .arg("--ready-file")
            .arg(&ready);
        let mut centre = Running::start("alaqan-idec-sim", &mut command, &logs.join("centre.log"))?;
        let centre_url = format!("https://{}", centre.ready(&ready)?);
        Ok(Self {
            programs: programs.clone(),
            folder,
            logs,
            centre,
            centre_url,
            server,
            gateways: std::iter::repeat_with(|| None).take(gateways).collect(),
            starts: 0,
            database_kills: 0,
        })
    }

    /// The certificate of the authority.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The configuration of a gateway.
    pub fn config(&self, gateway: usize) -> PathBuf {
        self.folder.join(format!("gateway-{}.toml", gateway + 1))
    }

    fn tool(&self, verb: &str) -> Command {
        let mut command = self.programs.command("alaqan-gateway");
        command.arg(verb);
        command
    }

    /// As [`Bank::tool`], with the configuration of the first gateway.
    fn tool_of_gateway(&self, verb: &str) -> Command {
        let mut command = self.tool(verb);
        command.arg("--config").arg(self.config(0));
        command
    }

    /// Makes a kiosk known; gives its one-time code.
    ///
    /// # Errors
    /// When the tool fails or gives none.
    pub fn code(&self, kiosk: &str) -> Result<String, TortureError> {
        let mut command = self.tool("kiosk");
        command
            .args(["add", "--kiosk", kiosk])
            .arg("--config")
            .arg(self.config(0));
        let said = output(&mut command)?;
        let code = said.lines().find_map(|line| line.strip_prefix("code:"));
        code.map(|code| code.trim().to_owned())
            .ok_or_else(|| TortureError::Late(format!("`kiosk add` says {said:?}")))
    }

    /// Has a kiosk send documents again.
    ///
    /// # Errors
    /// When the tool fails.
    pub fn resend(&self, kiosk: &str, documents: &[DocumentId]) -> Result<(), TortureError> {
        // The length of a command line is limited.
        for some in documents.chunks(500) {
            let mut command = self.tool_of_gateway("resend");
            command.args(["--kiosk", kiosk]);
            for id in some {
                command.arg(format!("--document={id}"));
            }
            output(&mut command)?;
        }
        Ok(())
    }

    /// Starts the gateways that do not run; gives their addresses.
    ///
    /// # Errors
    /// When one does not start.
    pub fn start(&mut self) -> Result<Vec<SocketAddr>, TortureError> {
        if let Some(server) = &mut self.server {
            server.start()?;
        }
        let mut addresses = Vec::new();
        for number in 0..self.gateways.len() {
            addresses.push(self.start_one(number)?);
        }
        Ok(addresses)
    }

    fn start_one(&mut self, number: usize) -> Result<SocketAddr, TortureError> {
        if let Some(Some((running, address))) = self.gateways.get_mut(number)
            && running.runs()
        {
            return Ok(*address);
        }
        self.starts += 1;
        let ready = self.folder.join(format!("ready-{}", self.starts));
        let mut command = self.tool("run");
        command.arg("--config").arg(self.config(number));
        command.args(["--listen", ANYWHERE, "--idec-url", &self.centre_url]);
        command.arg("--ready-file").arg(&ready).stdin(Stdio::null());
        let log = self.logs.join(format!("gateway-{}.log", number + 1));
        let mut running = Running::start("alaqan-gateway", &mut command, &log)?;
        let told = running.ready(&ready)?;
        // Whether it is there or not, the next one has another name.
        let _ = std::fs::remove_file(&ready);
        let address = told
            .parse()
            .map_err(|_| TortureError::Late(format!("the gateway listens on {told:?}")))?;
        if let Some(place) = self.gateways.get_mut(number) {
            *place = Some((running, address));
        }
        Ok(address)
    }

    /// SIGKILL for a gateway.
    pub fn kill(&mut self, number: usize) {
        if let Some(Some((running, _))) = self.gateways.get_mut(number) {
            running.kill();
        }
    }

    /// SIGTERM for a gateway; `false` if it did not end well.
    pub fn stop(&mut self, number: usize) -> bool {
        match self.gateways.get_mut(number) {
            Some(Some((running, _))) => !running.runs() || running.stop(),
            _ => true,
        }
    }

    /// SIGTERM for all gateways; `false` if one did not end well.
    pub fn stop_all(&mut self) -> bool {
        // All are stopped, whether one before did not end well or not.
        let badly = (0..self.gateways.len()).filter(|number| !self.stop(*number));
        badly.count() == 0
    }

    /// SIGKILL for the database server and all of its processes.
    pub fn kill_database(&mut self) {
        if let Some(server) = &mut self.server {
            server.kill();
            self.database_kills += 1;
        }
    }

    /// The folder of the database server, if there is one.
    pub fn server_folder(&self) -> Option<PathBuf> {
        self.server.as_ref().map(|server| server.host().to_owned())
    }

    /// How many gateways there are.
    pub fn gateways(&self) -> usize {
        self.gateways.len()
    }

    /// The files of the database. To be called while no gateway runs.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn database(&self) -> Result<Vec<PathBuf>, TortureError> {
        let files = crate::disk::files(&self.folder)?;
        let is_database = |path: &PathBuf| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            name.starts_with("gateway.db") && !name.ends_with(".key")
        };
        Ok(files
            .into_iter()
            .map(|(path, _)| path)
            .filter(is_database)
            .collect())
    }

    /// How often questions under way were lost: with each gateway that had to be started again, and for all gateways with
    /// each end of the database server.
    pub fn interruptions(&self) -> u64 {
        let gateways = self.gateways.len() as u64;
        self.starts.saturating_sub(gateways) + self.database_kills * gateways
    }

    /// The ids of all documents and the numbers of their kiosks, as `list` says.
    ///
    /// # Errors
    /// When the tool fails, or says what is none.
    pub fn list(&self) -> Result<BTreeMap<DocumentId, u8>, TortureError> {
        let text = output(&mut self.tool_of_gateway("list"))?;
        let mut list = BTreeMap::new();
        for line in text.lines() {
            let (id, kiosk) =
                listed(line).ok_or_else(|| TortureError::Late(format!("`list` says {line:?}")))?;
            if list.insert(id, kiosk).is_some() {
                return Err(TortureError::Late(format!("`list` says {id} twice")));
            }
        }
        Ok(list)
    }

    /// All documents with what they say, once their signature is found good.
    ///
    /// # Errors
    /// When the tools fail.
    pub fn stored(&self, work: &Path) -> Result<Vec<Stored>, TortureError> {
        let authority = self.authority();
        let pem = std::fs::read(&authority).map_err(TortureError::file(&authority, "read"))?;
        let anchors =
            anchors_from_pem(&pem).map_err(|error| TortureError::Late(format!("the authority: {error}")))?;
        let ids = self.list()?;
        let mut stored = Vec::with_capacity(ids.len());
        let out = work.join("exported.cms");
        for (id, _) in ids {
            let mut export = self.tool_of_gateway("export");
            export
                .args(["--document", &id.to_string()])
                .arg("--out")
                .arg(&out);
            output(&mut export)?;
            let bytes = std::fs::read(&out).map_err(TortureError::file(&out, "read"))?;
            std::fs::remove_file(&out).map_err(TortureError::file(&out, "removed"))?;
            stored.push(Stored {
                id,
                sha256: Sha256::digest(&bytes).into(),
                content: read(&bytes, &anchors),
            });
        }
        Ok(stored)
    }

    /// Has the audit logs of all gateways checked, also against these receipts; gives what is wrong with them.
    ///
    /// # Errors
    /// When they cannot be exported.
    pub fn broken_logs(&self, work: &Path, receipts: &[PathBuf]) -> Result<Vec<String>, TortureError> {
        let mut broken = Vec::new();
        for number in 0..self.gateways.len() {
            let out = work.join(format!("gateway-{}.log", number + 1));
            let mut export = self.tool("audit");
            export.arg("export").arg("--config").arg(self.config(number));
            output(export.arg("--out").arg(&out))?;
            let mut verify = self.programs.command("alaqan-audit");
            verify.arg("verify").arg("--log").arg(&out);
            verify.arg("--authority").arg(self.authority());
            for receipt in receipts {
                verify.arg("--receipt").arg(receipt);
            }
            let said = verify.output().map_err(|source| TortureError::Start {
                program: "alaqan-audit".into(),
                source,
            })?;
            // The log is whole, signed, and the one that receipts have seen. Anything less is not proven.
            if said.status.code() != Some(0) {
                let text = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
                let text = text.replace('\n', "; ");
                broken.push(format!("CHAIN of gateway {}: {text}", number + 1));
            }
        }
        Ok(broken)
    }

    /// How often the centre was asked under which name, as its log says.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn compared(&self) -> Result<BTreeMap<String, Asked>, TortureError> {
        let log = self.logs.join("centre.log");
        let text = std::fs::read_to_string(&log).map_err(TortureError::file(&log, "read"))?;
        Ok(comparisons(&text))
    }

    /// Ends the centre. Its log says nothing more after that.
    pub fn close(&mut self) {
        self.centre.kill();
    }
}

/// A line of `list`.
fn listed(line: &str) -> Option<(DocumentId, u8)> {
    let (id, rest) = line.split_once('\t')?;
    let kiosk = rest.split('\t').next()?.strip_prefix("kiosk-")?;
    Some((document_id(id)?, kiosk.parse().ok()?))
}

/// Counts the comparisons, and the questions that were answered as before, in the log of the simulator.
fn comparisons(log: &str) -> BTreeMap<String, Asked> {
    let mut compared: BTreeMap<String, Asked> = BTreeMap::new();
    for line in log.lines() {
        let is_again = line.contains(" answered as before ");
        if !is_again && !line.contains(" asked ") {
            continue;
        }
        let name = line
            .split("request=")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next());
        if let Some(name) = name {
            let asked = compared.entry(name.trim_matches('"').to_owned()).or_default();
            asked.compared += u64::from(!is_again);
            asked.again += u64::from(is_again);
        }
    }
    compared
}

fn read(bytes: &[u8], anchors: &[Vec<u8>]) -> Result<Said, String> {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let now = UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    let verified = match verify(bytes, anchors, now) {
        // A kiosk whose clock was wrong has signed before its certificate began, and the gateway takes that.
        Err(VerifyError::ExpiredAtSigning) => verify_at(bytes, anchors, now),
        verified => verified,
    };
    let verified = verified.map_err(|error| format!("the signature: {error}"))?;
    let content = document::content::decode(verified.content.expose()).map_err(|error| error.to_string())?;
    if content.kiosk.kiosk_id != verified.signer_common_name {
        return Err("another kiosk signed it".into());
    }
    Ok(Said {
        id: content.document_id,
        stills: (!content.stills.is_empty()).then(|| stills_digest(&content)),
    })
}

/// The configuration of one more gateway, from that of the first one. The pauses after a failure are for centres that are
/// down, not for a gateway that is killed every second; and two tortures may run at once.
fn configure(base: &Path, number: usize, server: Option<&Server>, out: &Path) -> Result<(), TortureError> {
    let text = std::fs::read_to_string(base).map_err(TortureError::file(base, "read"))?;
    let wrong = |what: &str| TortureError::Late(format!("{}: {what}", base.display()));
    let mut config: toml::Table = text
        .parse()
        .map_err(|_| wrong("not the TOML that was expected"))?;
    let mut set = |section: &str, key: &str, value: toml::Value| -> Result<(), TortureError> {
        let table = config.get_mut(section).and_then(toml::Value::as_table_mut);
        table
            .ok_or_else(|| wrong(&format!("there is no [{section}]")))?
            .insert(key.to_owned(), value);
        Ok(())
    };
    set("idec", "retry_min_ms", 20.into())?;
    set("idec", "retry_max_ms", 200.into())?;
    set("idec", "parallel", i64::from(QUESTIONS_AT_ONCE).into())?;
    set("ops", "listen", ANYWHERE.into())?;
    set("gateway", "name", format!("gateway-{}", number + 1).into())?;
    if let Some(server) = server {
        set("store", "kind", "postgres".into())?;
        let mut postgres = toml::Table::new();
        postgres.insert("host".into(), server.host().display().to_string().into());
        postgres.insert("port".into(), i64::from(crate::postgres::PORT).into());
        postgres.insert("database".into(), crate::postgres::DATABASE.into());
        postgres.insert("user".into(), crate::postgres::DATABASE.into());
        set("store", "postgres", postgres.into())?;
    }
    let text = toml::to_string(&config).map_err(|error| wrong(&error.to_string()))?;
    std::fs::write(out, text).map_err(TortureError::file(out, "written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_are_counted_by_name() {
        let log = "INFO alaqan: asked request=\"a1\" answer=Match\n\
            INFO alaqan: answered as before request=\"a1\"\n\
            INFO alaqan: asked request=\"b2\" answer=Match\nINFO asked request=\"b2\" answer=Match\n";
        let asked = |compared, again| Asked { compared, again };
        assert_eq!(
            comparisons(log),
            BTreeMap::from([("a1".to_owned(), asked(1, 1)), ("b2".to_owned(), asked(2, 0))])
        );
    }

    #[test]
    fn a_line_of_the_list_names_document_and_kiosk() {
        let id = DocumentId([0xab; 16]);
        for (line, expect) in [
            (format!("{id}\tkiosk-1\tawaiting\t5\tawaited"), Some((id, 1))),
            (format!("{id}\tfront-desk\tawaiting\t5\tawaited"), None),
            ("no documents".to_owned(), None),
        ] {
            assert_eq!(listed(&line), expect);
        }
    }
}
