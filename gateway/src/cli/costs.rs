//! What the centre is paid for.

use std::io::Write;

use clap::Subcommand;
use gateway::idec::tariff::BankDay;
use serde_json::json;

use super::{CliError, Config, Done, Open, with_store};

#[derive(Subcommand)]
pub enum Idec {
    /// List the days with comparisons, of all gateways on the store: day in Kazakhstan, comparisons, tenge by the
    /// tariff of the configuration.
    Costs {
        #[command(flatten)]
        config: Config,
        /// One JSON object a line, for programs.
        #[arg(long)]
        json: bool,
    },
}

pub fn act(verb: Idec) -> Done {
    match verb {
        Idec::Costs { config, json } => with_store(&config, async |open| costs(open, json).await),
    }
}

async fn costs(open: &Open, as_json: bool) -> Done {
    let tariff = &open.config.idec.tariff;
    let days = open.store.comparisons(BankDay::FIRST).await?;
    let mut out = std::io::stdout().lock();
    for (day, comparisons) in days {
        let tenge = tariff.tenge(comparisons);
        let line = if as_json {
            json!({ "day": day.to_string(), "comparisons": comparisons, "tenge": tenge }).to_string()
        } else {
            format!("{day}\t{comparisons}\t{tenge}")
        };
        writeln!(out, "{line}").map_err(|error| CliError::because("the list cannot be written", error))?;
    }
    Ok(())
}
