//! Examiners: what stands in the configuration for their secret, and what waits for them.

use std::io::{BufRead, Read, Write};

use clap::Subcommand;
use gateway::review::examiners;
use gateway::store::{ReviewFilter, ReviewState};
use gateway::utc_now;
use verification::Sensitive;

use super::{CliError, Config, Done, Open, utc, with_store};

/// How many entries are read at once.
const PAGE: u32 = 1000;

#[derive(Subcommand)]
pub enum Examiners {
    /// Read a secret from the standard input, one line, and print what stands in the configuration for it.
    Hash,
    /// List the queue: document, what is wanted, kiosk, time of arrival, state, examiner. No personal data.
    Queue {
        #[command(flatten)]
        config: Config,
        /// Also what has come to its end.
        #[arg(long)]
        all: bool,
    },
}

pub fn act(verb: Examiners) -> Done {
    match verb {
        Examiners::Hash => hash(),
        Examiners::Queue { config, all } => with_store(&config, async |open| queue(open, all).await),
    }
}

fn hash() -> Done {
    // More than any secret has, so that one that is too long is noticed.
    let room = examiners::SECRET_BYTES_MAX + 2;
    let mut line = String::with_capacity(room);
    let read = std::io::stdin()
        .lock()
        .take(u64::try_from(room).unwrap_or(u64::MAX))
        .read_line(&mut line);
    let line = Sensitive::new(line);
    read.map_err(|error| CliError::because("the secret cannot be read", error))?;
    let secret = Sensitive::new(line.expose().trim_end_matches(['\n', '\r']).to_owned());
    let hash = examiners::hash(&secret).map_err(|error| CliError::because("there is no hash", error))?;
    writeln!(std::io::stdout(), "{}", hash.expose())
        .map_err(|error| CliError::because("the hash cannot be written", error))
}

async fn queue(open: &Open, all: bool) -> Done {
    let mut filter = ReviewFilter {
        open: !all,
        ..ReviewFilter::default()
    };
    let mut out = std::io::stdout().lock();
    loop {
        let found = open.store.reviews(&filter, PAGE, utc_now()).await?;
        let Some(last) = found.last() else {
            return Ok(());
        };
        filter.after = last.place;
        for review in &found {
            let who = match &review.state {
                ReviewState::Waiting => "-",
                ReviewState::Taken { by, .. } | ReviewState::Ended { by, .. } => by.as_str(),
            };
            let line = format!(
                "{}\t{}\t{}\t{}\t{}\t{who}",
                review.document_id,
                review.kind.name(),
                review.kiosk_id,
                utc(review.received_at),
                review.state.name(),
            );
            writeln!(out, "{line}")
                .map_err(|error| CliError::because("the list cannot be written", error))?;
        }
    }
}
