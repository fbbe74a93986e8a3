//! A bad line: a TCP proxy that drops, delays, doubles, cuts and keeps silent.
//!
//! What happens to a connection is decided when it is accepted, from the seed, the number of the connection and the weather of
//! the moment. Between kiosk and gateway the bytes are TLS, so a byte that is changed or doubled *within* a connection is the
//! same fault as a cut. What a line can double is a whole connection: its bytes are played to the gateway once more.

mod fate;
mod pump;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use fate::{Fate, Way};
pub use pump::RECORDED_MAX_BYTES;

use crate::plan::Weather;

/// How long a connection may be kept on which nothing is said.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// A running line. Dropping it ends it.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Counts up with every cut; whoever carries bytes stops when it changes.
    cuts: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    gateways: Vec<SocketAddr>,
    weather: Weather,
    random: fastrand::Rng,
    connections: u64,
    fates: BTreeMap<&'static str, u64>,
    /// What the kiosk said on an earlier connection.
    recorded: Vec<u8>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Starts a line on the current tokio runtime, on a free port of this machine.
    ///
    /// # Errors
    /// When the system gives no port.
    pub async fn start(seed: u64, gateways: Vec<SocketAddr>, weather: Weather) -> io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), seed, gateways, weather).await
    }

    /// As [`Line::start`], on this address.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start_at(
        address: SocketAddr,
        seed: u64,
        gateways: Vec<SocketAddr>,
        weather: Weather,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                gateways,
                weather,
                random: fastrand::Rng::with_seed(seed),
                connections: 0,
                fates: BTreeMap::new(),
                recorded: Vec::new(),
            }),
            cuts: watch::Sender::new(0),
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            task,
        })
    }

    /// Where kiosks connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The weather from now on. Connections that are there keep their fate, but none outlives [`Weather::Down`].
    pub fn set_weather(&self, weather: Weather) {
        self.shared.lock().weather = weather;
        if weather == Weather::Down {
            self.cut();
        }
    }

    /// To whom new connections lead from now on, in turn.
    pub fn set_gateways(&self, gateways: Vec<SocketAddr>) {
        self.shared.lock().gateways = gateways;
    }

    /// Cuts every connection, wherever it stands.
    pub fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// How many connections met with which fate.
    pub fn fates(&self) -> BTreeMap<&'static str, u64> {
        self.shared.lock().fates.clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> u64 {
        self.shared.lock().connections
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((kiosk, _)) => {
                    let (fate, gateway, replay) = shared.decide();
                    let cut = shared.cuts.subscribe();
                    connections.spawn(carry(kiosk, gateway, fate, replay, cut, Arc::clone(&shared)));
                }
                Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

impl Shared {
    /// What happens to the next connection, where it leads, and what is played to the gateway beside it.
    fn decide(&self) -> (Fate, Option<SocketAddr>, Vec<u8>) {
        let mut state = self.lock();
        let weather = state.weather;
        let fate = Fate::draw(weather, &mut state.random);
        let turn = usize::try_from(state.connections).unwrap_or(0);
        state.connections += 1;
        *state.fates.entry(fate.name()).or_default() += 1;
        let gateway = turn
            .checked_rem(state.gateways.len())
            .and_then(|at| state.gateways.get(at))
            .copied();
        let replay = if fate == Fate::Replayed {
            state.recorded.clone()
        } else {
            Vec::new()
        };
        (fate, gateway, replay)
    }
}

/// Carries one connection to its end.
async fn carry(
    kiosk: TcpStream,
    gateway: Option<SocketAddr>,
    fate: Fate,
    replay: Vec<u8>,
    mut cut: watch::Receiver<u64>,
    shared: Arc<Shared>,
) {
    cut.mark_unchanged();
    let work = async {
        match fate {
            Fate::Refused => {}
            Fate::Silent => tokio::time::sleep(SILENCE_MAX).await,
            _ => {
                let Some(gateway) = gateway else { return };
                // A gateway that is down refuses; so does the line then.
                let Ok(first) = TcpStream::connect(gateway).await else {
                    return;
                };
                let echo = match fate {
                    Fate::Doubled | Fate::Replayed => TcpStream::connect(gateway).await.ok(),
                    _ => None,
                };
                let told = pump::run(kiosk, first, echo, fate, replay, SILENCE_MAX).await;
                if !told.is_empty() {
                    shared.lock().recorded = told;
                }
            }
        }
    };
    tokio::select! {
        () = work => {}
        _ = cut.changed() => {}
    }
}

#[cfg(test)]
mod tests;
