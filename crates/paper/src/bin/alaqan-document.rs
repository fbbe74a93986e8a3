//! `alaqan-document`: what an auditor, a lawyer or a court does with the electronic document of a session.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand, ValueEnum};
use document::signature::anchors_from_pem;
use document::signature::timestamp::attach;
use paper::{Judged, Papers, Shown, State, Trust, judge, reason_text, state_text};
use verification::evidence::Language;
use verification::time::UtcMs;

/// Shows electronic documents, checks their signatures, and has them time-stamped.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 valid, shown, or stamped; 1 invalid; 2 it cannot be told now, or something cannot be read \
                  or reached; 3 wrong use of the command."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show a document in words, as a page, on paper, or for other programs.
    Show {
        #[command(flatten)]
        papers: PaperFiles,
        #[command(flatten)]
        trust: TrustFiles,
        #[command(flatten)]
        form: Form,
        /// In which language.
        #[arg(long, value_enum, default_value_t = Tongue::En)]
        language: Tongue,
        /// Print the person's number, too, where the document goes to the terminal.
        #[arg(long)]
        personal: bool,
    },
    /// Say whether the signatures hold: valid, invalid, or cannot tell now, and why.
    Verify {
        #[command(flatten)]
        papers: PaperFiles,
        #[command(flatten)]
        trust: TrustFiles,
        /// The certificates must be valid today, too, unless a time stamp proves when they were used.
        #[arg(long)]
        now: bool,
        /// In which language.
        #[arg(long, value_enum, default_value_t = Tongue::En)]
        language: Tongue,
    },
    /// Have the signature of a document time-stamped (RFC 3161), and write the form CAdES-T.
    Stamp {
        /// The signed document.
        #[arg(value_name = "FILE")]
        document: PathBuf,
        /// Address of the authority of time.
        #[arg(long, value_name = "URL")]
        tsa: String,
        /// Certificates of those who certify the authority of time, PEM; may be given several times.
        #[arg(long, value_name = "FILE", required = true)]
        authority: Vec<PathBuf>,
        /// How long it may take, in milliseconds.
        #[arg(long, value_name = "MS", default_value_t = 10_000)]
        deadline_ms: u64,
        /// The stamped document, which must not be there yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print the published schema of documents, answers and receipts (CDDL).
    Schema,
}

#[derive(Args)]
struct PaperFiles {
    /// The signed document, with or without a time stamp.
    #[arg(value_name = "FILE")]
    document: PathBuf,
    /// The centre's answer, as the gateway signed it.
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// The gateway's receipt.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

#[derive(Args)]
struct TrustFiles {
    /// Certificates of the institution's authority, PEM; may be given several times.
    #[arg(long, value_name = "FILE")]
    authority: Vec<PathBuf>,
    /// A list of revoked certificates, DER or PEM; may be given several times.
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// Certificates of those who certify authorities of time, PEM; may be given several times.
    #[arg(long, value_name = "FILE")]
    tsa_authority: Vec<PathBuf>,
}

#[derive(Args)]
#[group(multiple = false)]
struct Form {
    /// Write a page that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a PDF for the archive.
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
    /// Write JSON for other programs.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Tongue {
    Kk,
    Ru,
    En,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::Kk => Self::Kk,
            Tongue::Ru => Self::Ru,
            Tongue::En => Self::En,
        }
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody is left to tell where this cannot be printed.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(3)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match act(arguments.verb) {
        Ok(State::Valid) => ExitCode::SUCCESS,
        Ok(State::Invalid) => ExitCode::from(1),
        Ok(State::CannotTell) => ExitCode::from(2),
        Err(error) => {
            eprintln!("alaqan-document: {}", chain(&*error));
            ExitCode::from(2)
        }
    }
}

fn act(verb: Verb) -> Result<State, Box<dyn Error>> {
    match verb {
        Verb::Show {
            papers,
            trust,
            form,
            language,
            personal,
        } => {
            let files = Files::read(&papers, &trust)?;
            match files.judge(false) {
                Ok(shown) => show(&shown, &form, language.into(), personal),
                // What nobody has signed is not shown.
                Err(judged) => say(&judged, language.into()),
            }
        }
        Verb::Verify {
            papers,
            trust,
            now,
            language,
        } => {
            let files = Files::read(&papers, &trust)?;
            match files.judge(now) {
                Ok(shown) => say(&shown.judged, language.into()),
                Err(judged) => say(&judged, language.into()),
            }
        }
        Verb::Stamp {
            document,
            tsa,
            authority,
            deadline_ms,
            out,
        } => {
            let signed = read(&document)?;
            let anchors = anchors(&authority)?;
            let mut nonce = [0; 16];
            getrandom::fill(&mut nonce)?;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let deadline = Duration::from_millis(deadline_ms);
            let stamp = runtime.block_on(paper::time_authority::stamp(
                &tsa, &signed, nonce, &anchors, deadline,
            ))?;
            write_new(&out, &attach(&signed, &stamp.token_der)?)?;
            println!(
                "{}: stamped by {} at {} ms of UTC",
                out.display(),
                stamp.authority,
                stamp.at.0
            );
            Ok(State::Valid)
        }
        Verb::Schema => {
            std::io::stdout().write_all(paper::SCHEMA.as_bytes())?;
            Ok(State::Valid)
        }
    }
}

fn show(shown: &Shown, form: &Form, language: Language, personal: bool) -> Result<State, Box<dyn Error>> {
    let (file, bytes) = match (&form.html, &form.pdf, &form.json) {
        (Some(file), ..) => (file, paper::html(shown, language).into_bytes()),
        (_, Some(file), _) => (file, paper::pdf(shown, language)?),
        (.., Some(file)) => (file, format!("{:#}\n", paper::json(shown)).into_bytes()),
        (None, None, None) => {
            let text = paper::text(shown, language, personal);
            std::io::stdout().write_all(text.as_bytes())?;
            return Ok(State::Valid);
        }
    };
    write_new(file, &bytes)?;
    eprintln!(
        "alaqan-document: {} holds pictures of a person and the person's number; guard it as you guard the document",
        file.display()
    );
    Ok(State::Valid)
}

fn say(judged: &Judged, language: Language) -> Result<State, Box<dyn Error>> {
    let state = judged.state();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", state_text(state, language))?;
    for (kind, reason) in &judged.reasons {
        let own = state_text(reason.state(), language);
        // One line for each reason, whatever an error quotes.
        let text: String = reason_text(*kind, reason, language)
            .chars()
            .map(|letter| if letter.is_control() { '\u{fffd}' } else { letter })
            .collect();
        writeln!(out, "- {text} [{own}]")?;
    }
    Ok(state)
}

struct Files {
    document: Vec<u8>,
    answer: Option<Vec<u8>>,
    receipt: Option<Vec<u8>>,
    authorities: Vec<Vec<u8>>,
    lists: Vec<Vec<u8>>,
    time_authorities: Vec<Vec<u8>>,
}

impl Files {
    fn read(papers: &PaperFiles, trust: &TrustFiles) -> Result<Self, Box<dyn Error>> {
        let optional = |file: &Option<PathBuf>| file.as_deref().map(read).transpose();
        Ok(Self {
            document: read(&papers.document)?,
            answer: optional(&papers.answer)?,
            receipt: optional(&papers.receipt)?,
            authorities: anchors(&trust.authority)?,
            lists: trust
                .crl
                .iter()
                .map(|file| read(file))
                .collect::<Result<_, _>>()?,
            time_authorities: anchors(&trust.tsa_authority)?,
        })
    }

    fn judge(&self, valid_now: bool) -> Result<Shown, Judged> {
        let papers = Papers {
            document: &self.document,
            answer: self.answer.as_deref(),
            receipt: self.receipt.as_deref(),
        };
        let trust = Trust {
            authorities: &self.authorities,
            lists: &self.lists,
            time_authorities: &self.time_authorities,
            now: now(),
            valid_now,
        };
        judge(papers, &trust)
    }
}

fn anchors(files: &[PathBuf]) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut anchors = Vec::new();
    for file in files {
        let read = anchors_from_pem(&read(file)?)
            .map_err(|error| format!("{} holds no certificates: {}", file.display(), chain(&error)))?;
        anchors.extend(read);
    }
    Ok(anchors)
}

/// The file is for its owner alone, from its first byte on: it holds what the document holds.
fn write_new(file: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(file).and_then(|mut open| {
        open.write_all(bytes)?;
        open.sync_all()
    });
    written.map_err(|error| format!("{} cannot be written: {error}", file.display()).into())
}

fn read(file: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()).into())
}

/// An error and what caused it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

fn now() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
