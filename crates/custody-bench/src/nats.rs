//! nats-server with JetStream: what the gateway is compared with.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, context::PublishAckFuture, stream};
use async_nats::{ConnectOptions, HeaderMap};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tempfile::TempDir;

use crate::bank::Bank;
use crate::error::BenchError;
use crate::paper::Signed;
use crate::process::Program;

const STREAM: &str = "documents";

/// How the stream is brought to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// As the server comes: every two minutes.
    Default,
    /// Before every acknowledgement.
    Always,
}

/// A server that runs.
#[derive(Debug)]
pub struct Nats {
    program: Program,
    folder: TempDir,
    url: String,
    papers: PathBuf,
}

/// The version of a program, as it says itself; `None` if it cannot be started.
pub fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Some(text.trim_start_matches("nats-server: v").to_owned())
}

/// Whether a server of this program takes the setting `sync_interval`; what it says if it does not.
pub fn takes_sync_always(program: &Path, within: &Path) -> Result<(), String> {
    let file = within.join("asked.conf");
    let text = "jetstream { sync_interval: always }\n";
    std::fs::write(&file, text).map_err(|error| error.to_string())?;
    let asked = Command::new(program).arg("-t").arg("-c").arg(&file).output();
    let output = asked.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let line = said
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let (_, fault) = line.rsplit_once(": ").unwrap_or(("", line));
    Err(fault.to_owned())
}

impl Nats {
    /// Starts it with the certificates of the bank; `papers` is the folder of a kiosk, as which documents are published.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(
        program: &Path,
        bank: &Bank,
        within: &Path,
        papers: &Path,
        sync: Sync,
    ) -> Result<Self, BenchError> {
        let folder = tempfile::tempdir_in(within).map_err(BenchError::file(within))?;
        let config = folder.path().join("nats.conf");
        let text = settings(folder.path(), bank.folder(), sync);
        std::fs::write(&config, text).map_err(BenchError::file(&config))?;
        let log = folder.path().join("nats.log");
        let mut server = Program::start("nats-server", Command::new(program).arg("-c").arg(&config), &log)?;
        let name = program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let ports = folder.path().join(format!("{name}_{}.ports", server.id()));
        let url = server.until(|| first_url(&std::fs::read_to_string(&ports).ok()?))?;
        Ok(Self {
            program: server,
            folder,
            url,
            papers: papers.to_owned(),
        })
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.program.id()
    }

    /// Where it keeps its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes one connection for each batch, publishes all of them with so many unacknowledged messages on each, and gives the
    /// time from the first message to the last acknowledgement.
    ///
    /// # Errors
    /// When the server does not answer or refuses.
    pub async fn publish(&self, batches: Vec<Vec<Signed>>, window: usize) -> Result<Duration, BenchError> {
        let mut lines = Vec::new();
        for batch in batches {
            lines.push((self.connect().await?, batch));
        }
        let start = Instant::now();
        let tasks: Vec<_> = lines
            .into_iter()
            .map(|(line, batch)| tokio::spawn(publish(line, batch, window)))
            .collect();
        for task in tasks {
            task.await.map_err(peer)??;
        }
        Ok(start.elapsed())
    }

    async fn connect(&self) -> Result<jetstream::Context, BenchError> {
        let client = ConnectOptions::new()
            .require_tls(true)
            .add_root_certificates(self.papers.join("ca.pem"))
            .add_client_certificate(self.papers.join("kiosk.pem"), self.papers.join("kiosk.key"))
            .connect(&self.url)
            .await
            .map_err(peer)?;
        let context = jetstream::new(client);
        let config = stream::Config {
            name: STREAM.into(),
            subjects: vec![format!("{STREAM}.*")],
            storage: stream::StorageType::File,
            ..stream::Config::default()
        };
        context.get_or_create_stream(config).await.map_err(peer)?;
        Ok(context)
    }
}

async fn publish(line: jetstream::Context, batch: Vec<Signed>, window: usize) -> Result<(), BenchError> {
    let mut unacknowledged = FuturesUnordered::new();
    for (id, bytes) in batch {
        if unacknowledged.len() >= window {
            unacknowledged.next().await.unwrap_or(Ok(()))?;
        }
        // As the gateway does, the stream takes a message once under its name.
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", id.to_string());
        let subject = format!("{STREAM}.one");
        let sent = line
            .publish_with_headers(subject, headers, bytes.into())
            .await
            .map_err(peer)?;
        unacknowledged.push(acknowledged(sent));
    }
    while let Some(answer) = unacknowledged.next().await {
        answer?;
    }
    Ok(())
}

async fn acknowledged(sent: PublishAckFuture) -> Result<(), BenchError> {
    sent.await.map(|_| ()).map_err(peer)
}

fn peer(error: impl std::error::Error) -> BenchError {
    BenchError::Peer(format!("nats-server: {error}"))
}

fn settings(folder: &Path, bank: &Path, sync: Sync) -> String {
    let quoted = |path: PathBuf| format!("{:?}", path.display().to_string());
    let sync = match sync {
        Sync::Default => "",
        Sync::Always => "sync_interval: always",
    };
    format!(
        "listen: \"127.0.0.1:-1\"\nmax_payload: 8MB\nports_file_dir: {}\njetstream {{\n store_dir: {}\n {sync}\n}}\n\
         tls {{\n cert_file: {}\n key_file: {}\n ca_file: {}\n verify: true\n}}\n",
        quoted(folder.to_owned()),
        quoted(folder.join("store")),
        quoted(bank.join("gateway.pem")),
        quoted(bank.join("gateway.key")),
        quoted(bank.join("ca.pem")),
    )
}

/// The first address for clients in a file of ports.
fn first_url(ports: &str) -> Option<String> {
    let ports: serde_json::Value = serde_json::from_str(ports).ok()?;
    let url = ports.get("nats")?.get(0)?.as_str()?;
    Some(url.replacen("nats://", "tls://", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_ports_is_read() {
        let check =
            |text: &str, expect: Option<&str>| assert_eq!(first_url(text).as_deref(), expect, "{text}");
        check(
            r#"{"nats":["nats://127.0.0.1:4222"]}"#,
            Some("tls://127.0.0.1:4222"),
        );
        check(
            r#"{"nats":["tls://127.0.0.1:1"],"monitoring":[]}"#,
            Some("tls://127.0.0.1:1"),
        );
        check(r#"{"nats":[]}"#, None);
        check(r#"{"nats":"#, None);
    }
}
