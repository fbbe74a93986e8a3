//! The register of requests of data subjects, and the notices to the institution's systems.

use std::io::Write;

use clap::Subcommand;
use gateway::institution::Outlet;
use gateway::store::{
    NoticeFilter, NoticeState, RequestChange, RequestFilter, RequestSet, Route, SubjectRequest,
};
use gateway::utc_now;
use verification::Sensitive;
use verification::request::{RequestState, parse};

use super::{CliError, Config, Done, Open, document_id, utc, with_store};

/// How many rows are read at once.
const PAGE: u32 = 1000;

#[derive(Subcommand)]
pub enum Requests {
    /// List the requests of data subjects: number, kind, state, when it was made, until when it is due, document. Those
    /// that are overdue are marked.
    List {
        #[command(flatten)]
        config: Config,
        /// Only those for which the person still waits.
        #[arg(long)]
        open: bool,
        /// Only those that are overdue.
        #[arg(long)]
        overdue: bool,
    },
    /// Show a request with all of its versions, notes and reasons included. They may be personal.
    Show {
        #[command(flatten)]
        config: Config,
        /// The number that the person has.
        number: String,
    },
    /// Bring a request into another state. What was before stays in its history.
    Set {
        #[command(flatten)]
        config: Config,
        /// The number that the person has.
        number: String,
        /// The new state: in-progress, ready, answered or refused.
        #[arg(long, value_parser = ["in-progress", "ready", "answered", "refused"])]
        state: String,
        /// What the person is told; for a refusal, and only for one.
        #[arg(long)]
        reason: Option<String>,
        /// What is to be remembered.
        #[arg(long)]
        note: Option<String>,
        /// The document that holds the request: only where two requests have one number.
        #[arg(long, value_parser = document_id)]
        document: Option<verification::evidence::DocumentId>,
    },
}

#[derive(Subcommand)]
pub enum Notices {
    /// List the notices to the institution's systems: id, way, kind, when it was made, state.
    List {
        #[command(flatten)]
        config: Config,
        /// Only those that are not delivered.
        #[arg(long)]
        undelivered: bool,
        /// Only those that the receiver refuses for good.
        #[arg(long)]
        rejected: bool,
    },
    /// Try everything again that the receiver has refused for good.
    Retry {
        #[command(flatten)]
        config: Config,
    },
}

pub fn act(verb: Requests) -> Done {
    match verb {
        Requests::List {
            config,
            open,
            overdue,
        } => with_store(&config, async |store| list(store, open, overdue).await),
        Requests::Show { config, number } => with_store(&config, async |store| show(store, &number).await),
        Requests::Set {
            config,
            number,
            state,
            reason,
            note,
            document,
        } => {
            let state = RequestState::from_name(&state, reason.map(Sensitive::new));
            let state =
                state.ok_or_else(|| CliError::plain("a refusal has a --reason, and nothing else has one"))?;
            let note = note.map(Sensitive::new);
            with_store(&config, async |store| {
                set(store, &number, document, &state, note.clone()).await
            })
        }
    }
}

pub fn notices(verb: Notices) -> Done {
    match verb {
        Notices::List {
            config,
            undelivered,
            rejected,
        } => with_store(&config, async |store| {
            list_notices(store, undelivered, rejected).await
        }),
        Notices::Retry { config } => with_store(&config, async |open| {
            let count = open.store.retry_notices(utc_now()).await?;
            println!("{count} notices");
            open.ring()
        }),
    }
}

async fn list(open: &Open, only_open: bool, overdue: bool) -> Done {
    let now = utc_now();
    let mut filter = RequestFilter {
        after: 0,
        open: only_open,
        overdue_at: overdue.then_some(now),
    };
    loop {
        let page = open.store.subject_requests(&filter, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        filter.after = last.place;
        let mut out = std::io::stdout().lock();
        for request in &page {
            let mark = if request.is_overdue(now) { "\toverdue" } else { "" };
            writeln!(out, "{}{mark}", line(request))
                .map_err(|error| CliError::because("the list cannot be written", error))?;
        }
    }
}

fn line(request: &SubjectRequest) -> String {
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}",
        request.number,
        request.kind,
        request.state,
        utc(request.received_at),
        utc(request.due_at),
        request.document_id
    )
}

/// The requests of this number: one, but for the rarest of chances.
async fn numbered(open: &Open, number: &str) -> Result<Vec<SubjectRequest>, CliError> {
    let number =
        parse(number).map_err(|error| CliError::because(format!("{number:?} is no number"), error))?;
    let found = open.store.requests_numbered(&number).await?;
    if found.is_empty() {
        return Err(CliError::Missing(format!("there is no request {number}")));
    }
    Ok(found)
}

async fn show(open: &Open, number: &str) -> Done {
    for request in numbered(open, number).await? {
        let overdue = if request.is_overdue(utc_now()) {
            "overdue"
        } else {
            ""
        };
        println!("{}\t{}\t{overdue}", line(&request), request.kiosk_id);
        for version in open.store.request_history(request.document_id).await? {
            let text = |text: Option<&Sensitive<String>>| {
                text.map(|text| text.expose().replace(['\t', '\n', '\r'], " "))
                    .unwrap_or_default()
            };
            println!(
                "{}\t{}\t{}\t{}\t{}\t{}",
                version.version,
                utc(version.at),
                version.gateway,
                version.state.name(),
                text(version.state.reason()),
                text(version.note.as_ref())
            );
        }
    }
    Ok(())
}

async fn set(
    open: &Open,
    number: &str,
    document: Option<verification::evidence::DocumentId>,
    state: &RequestState,
    note: Option<Sensitive<String>>,
) -> Done {
    let mut found = numbered(open, number).await?;
    found.retain(|request| document.is_none_or(|document| document == request.document_id));
    let request = match &found[..] {
        [request] => request,
        [] => {
            return Err(CliError::Missing(
                "that document holds no request of this number".into(),
            ));
        }
        _ => {
            return Err(CliError::plain(
                "two requests have this number: name the --document",
            ));
        }
    };
    let history = open.store.request_history(request.document_id).await?;
    let now_in = history.last().map(|version| &version.state);
    if now_in.is_some_and(|now_in| !now_in.may_become(state)) {
        return Err(CliError::plain(format!(
            "a request that is {} does not become {}",
            request.state,
            state.name()
        )));
    }
    let outlet = Outlet::read(&open.config)
        .map_err(|error| CliError::because("the institution's systems cannot be told", error))?;
    let now = utc_now();
    let change = RequestChange {
        document_id: request.document_id,
        seen_version: request.version,
        state: state.clone(),
        note,
        notices: outlet.map_or_else(Vec::new, |outlet| {
            outlet.tell_of_request(request, state.name(), now)
        }),
    };
    match open.store.set_request(change, now).await? {
        RequestSet::Changed => open.ring(),
        RequestSet::Stale => Err(CliError::plain("somebody else has just changed the request")),
        RequestSet::Unknown => Err(CliError::Missing("the request is gone".into())),
    }
}

async fn list_notices(open: &Open, undelivered: bool, rejected: bool) -> Done {
    let mut filter = NoticeFilter {
        after: 0,
        undelivered,
        rejected,
    };
    loop {
        let page = open.store.notices(&filter, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        filter.after = last.number;
        let mut out = std::io::stdout().lock();
        for notice in page {
            let state = match notice.state {
                NoticeState::Waiting {
                    attempts,
                    fault: Some(fault),
                } => format!("waiting, {attempts} failed: {fault}"),
                NoticeState::Waiting { .. } => "waiting".to_owned(),
                NoticeState::Rejected { fault } => format!("rejected: {fault}"),
                NoticeState::Delivered { at } => format!("delivered {}", utc(at)),
            };
            let (route, created): (Route, _) = (notice.route, utc(notice.created_at));
            writeln!(
                out,
                "{}\t{}\t{}\t{created}\t{state}",
                notice.id,
                route.name(),
                notice.kind
            )
            .map_err(|error| CliError::because("the list cannot be written", error))?;
        }
    }
}
