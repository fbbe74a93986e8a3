//! `alaqan-walk`: drives sessions in the real window and says step by step what happens.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use walk::{STEP_LIMIT, Walk, WalkError};

/// Drives sessions in the real kiosk window.
#[derive(Parser)]
struct Arguments {
    /// The kiosk program.
    #[arg(long)]
    kiosk: PathBuf,
    /// Its configuration.
    #[arg(long)]
    config: PathBuf,
    /// What to do.
    #[arg(long, value_enum)]
    script: Script,
    /// Where the pictures go.
    #[arg(long)]
    screenshots: PathBuf,
    /// Language of the session.
    #[arg(long, value_enum, default_value_t = Language::En)]
    language: Language,
    /// How many sessions a soak has.
    #[arg(long, default_value_t = 5000)]
    sessions: u32,
    /// A soak ends after so many minutes, with the sessions walked so far.
    #[arg(long)]
    minutes: Option<u64>,
    /// A file for the number of the recorded document.
    #[arg(long)]
    record: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Script {
    /// One whole verification by the face.
    Face,
    /// The enrolment of a palm behind the face, and one whole verification by that palm.
    Palm,
    /// Many sessions that are left, and a chart of the memory.
    Soak,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    Kk,
    Ru,
    En,
}

/// A test number that is nobody's: it stands on a published specimen card.
const SPECIMEN_IIN: &str = "880412401006";
/// Three attempts with their pauses.
const SESSION_LIMIT: Duration = Duration::from_secs(180);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match walk(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            eprintln!("alaqan-walk: {text}");
            ExitCode::from(2)
        }
    }
}

/// Walks through the sessions of the script; whether each of them ended verified.
async fn walk(arguments: &Arguments) -> Result<bool, WalkError> {
    let mut pictures = Pictures {
        folder: &arguments.screenshots,
        taken: 0,
    };
    let sessions: &[(&str, &str)] = match arguments.script {
        Script::Face => &[("account-opening", "face")],
        Script::Soak => return soak(arguments).await,
        Script::Palm => &[("palm-enrolment", "face"), ("account-opening", "palm")],
    };
    println!("   opening the window");
    let walk = Walk::start(&arguments.kiosk, &arguments.config).await?;
    let mut verified = true;
    for (service, method) in sessions {
        verified = verified && session(arguments, &walk, &mut pictures, service, method).await?;
    }
    walk.close().await?;
    Ok(verified)
}

/// From this session on the memory must not grow: what is loaded once is loaded by then.
#[cfg(target_os = "linux")]
const SETTLED_AFTER: u32 = 200;
/// And by no more than this.
#[cfg(target_os = "linux")]
const GROWTH_MAX_PERCENT: f64 = 5.0;

/// Many sessions, a table and a chart beside the pictures; whether the memory stayed within its bound.
#[cfg(target_os = "linux")]
async fn soak(arguments: &Arguments) -> Result<bool, WalkError> {
    use walk::hand::Hand;
    use walk::soak;

    let folder = &arguments.screenshots;
    let failed = |source| WalkError::Picture {
        path: folder.clone(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let hand = Hand::of_environment()?;
    println!("   learning where the buttons are");
    let walk = Walk::start(&arguments.kiosk, &arguments.config).await?;
    walk.wait_for(&["welcome"], STEP_LIMIT).await?;
    let ways = soak::learn(&walk, &hand, "account-opening", SPECIMEN_IIN).await?;
    walk.close().await?;
    println!("   touching a kiosk that nobody drives");
    let kiosk = soak::Kiosk::start(&arguments.kiosk, &arguments.config)?;
    let start = std::time::Instant::now();
    let (count, table) = (arguments.sessions, folder.join("soak.csv"));
    let mut samples = Vec::new();
    let limit = arguments.minutes.map(|minutes| Duration::from_secs(60 * minutes));
    let ended = soak::soak(&kiosk, &hand, &ways, (count, limit), &table, &mut samples);
    if ended.is_err() {
        let path = folder.join("failed.png");
        match hand.picture(&path) {
            Ok(()) => println!("   what was on the screen: {}", path.display()),
            Err(error) => println!("   what was on the screen is not known: {error}"),
        }
    }
    // Hours of sessions are not lost to one that failed.
    std::fs::write(folder.join("soak.svg"), soak::chart(&samples)).map_err(failed)?;
    let done = samples.last().map_or(0, |sample| sample.sessions);
    println!(
        "   {done} sessions in {:.0} s; table and chart in {}",
        start.elapsed().as_secs_f64(),
        folder.display()
    );
    let mut within = true;
    type Written = fn(&soak::Sample) -> u64;
    let judged: [(_, Written); 2] = [
        ("written by the kiosk", |sample| sample.written_kib),
        ("written by the web processes", |sample| sample.web_written_kib),
    ];
    for (name, of) in judged {
        match soak::growth_percent(&samples, SETTLED_AFTER, of) {
            Some(growth) => {
                println!("   {name}: {growth:+.1} % since session {SETTLED_AFTER}");
                within = within && growth <= GROWTH_MAX_PERCENT;
            }
            None => println!("   {name}: too few sessions to tell a growth since session {SETTLED_AFTER}"),
        }
    }
    ended.map(|()| within)
}

#[cfg(not(target_os = "linux"))]
async fn soak(_arguments: &Arguments) -> Result<bool, WalkError> {
    Err(WalkError::DriverSilent)
}

/// Walks through one session; whether it ended verified. The file for the number holds the one of the newest session.
async fn session(
    arguments: &Arguments,
    walk: &Walk,
    pictures: &mut Pictures<'_>,
    service: &str,
    method: &str,
) -> Result<bool, WalkError> {
    walk.wait_for(&["welcome"], STEP_LIMIT).await?;
    let language = match arguments.language {
        Language::Kk => "kk",
        Language::Ru => "ru",
        Language::En => "en",
    };
    walk.touch(&format!("language-{language}")).await?;
    pictures.take(walk, "welcome").await?;
    println!("   welcome: language {language}");
    walk.touch("begin").await?;
    walk.wait_for(&["service"], STEP_LIMIT).await?;
    pictures.take(walk, "service").await?;
    println!("   service: {service}");
    walk.choose(service).await?;
    loop {
        match walk
            .wait_for(&["consent", "field", "claim"], STEP_LIMIT)
            .await?
            .as_str()
        {
            "consent" => consent(walk, pictures).await?,
            "field" => {
                let name = walk.attribute("data-field").await?;
                pictures.take(walk, &format!("field-{name}")).await?;
                println!("   field: {name}");
                walk.answer_field(&[]).await?;
            }
            _ => break,
        }
    }
    println!("   claim: the specimen IIN");
    walk.enter_iin(SPECIMEN_IIN).await?;
    walk.wait_for(&["method"], STEP_LIMIT).await?;
    pictures.take(walk, "method").await?;
    println!("   method: {method}");
    walk.touch(&format!("method-{method}")).await?;
    let outcome = capture(walk, pictures).await?;
    pictures.take(walk, &format!("outcome-{outcome}")).await?;
    let record = walk.attribute("data-record").await?;
    println!("   outcome: {outcome}, recorded as {record}");
    if let Some(path) = &arguments.record {
        std::fs::write(path, &record).map_err(|source| WalkError::Picture {
            path: path.clone(),
            source,
        })?;
    }
    let page = walk.handle().await?;
    walk.touch("finish").await?;
    // The next person gets a fresh page.
    walk.follow_from(&page).await?;
    Ok(outcome == "verified")
}

async fn consent(walk: &Walk, pictures: &mut Pictures<'_>) -> Result<(), WalkError> {
    let text = walk.attribute("data-consent").await?;
    pictures.take(walk, &format!("consent-{text}")).await?;
    println!("   consent given: {text}");
    walk.touch("consent-agree").await?;
    walk.wait_for_change("data-consent", &text).await?;
    Ok(())
}

/// Watches the capture until the session's outcome is final, and takes another attempt where one is offered.
async fn capture(walk: &Walk, pictures: &mut Pictures<'_>) -> Result<String, WalkError> {
    let end = tokio::time::Instant::now() + SESSION_LIMIT;
    let mut last = String::new();
    loop {
        let screen = walk.screen().await?;
        let shown = match screen.as_str() {
            "face" | "palm" => match walk.attribute("data-prompt").await? {
                // The screen went between the two questions.
                prompt if prompt.is_empty() => continue,
                prompt => format!("{screen}: {prompt}"),
            },
            // The palm has one of its own.
            "consent" => {
                consent(walk, pictures).await?;
                continue;
            }
            "outcome" => {
                let outcome = walk.attribute("data-outcome").await?;
                if outcome != "awaiting-identification" {
                    return Ok(outcome);
                }
                format!("outcome: {outcome}")
            }
            other => other.to_owned(),
        };
        if shown != last {
            println!("   {shown}");
            pictures.take(walk, &shown.replace(": ", "-")).await?;
            if screen == "attempt-failed" {
                walk.touch("retry").await?;
            }
            last = shown;
        }
        if tokio::time::Instant::now() >= end {
            return Err(WalkError::Screen {
                expected: "outcome".into(),
                shown: last,
            });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

struct Pictures<'a> {
    folder: &'a Path,
    taken: u32,
}

impl Pictures<'_> {
    async fn take(&mut self, walk: &Walk, name: &str) -> Result<(), WalkError> {
        self.taken += 1;
        walk.picture(&self.folder.join(format!("{:02}-{name}.png", self.taken)))
            .await
    }
}
