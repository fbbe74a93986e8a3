//! Messages at an even pace over the connections of a crowd, and how long the answers take.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use sync::wire::GatewayFrame;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use super::crowd::Socket;
use crate::error::BenchError;

/// As a kiosk does, each connection says so often that it is there.
const PING_INTERVAL: Duration = Duration::from_secs(10);

/// How long answers may come after the last message was sent.
const PATIENCE: Duration = Duration::from_secs(40);

/// A message that is to be sent at a time of the plan.
#[derive(Debug)]
struct Order {
    due: Instant,
    frame: Vec<u8>,
}

/// What came of it, shared by all connections.
#[derive(Debug, Default)]
struct Tally {
    /// From the planned time of a message to its answer, in milliseconds, in the order of the answers.
    latencies_ms: Vec<f64>,
    fault: Option<String>,
}

/// The connections, each on a task of its own.
#[derive(Debug)]
pub struct Lines {
    orders: Vec<mpsc::UnboundedSender<Order>>,
    tally: Arc<Mutex<Tally>>,
}

/// What the messages met with.
#[derive(Debug)]
pub struct Answers {
    /// From the planned time of a message to its answer, in milliseconds, of those that count.
    pub latencies_ms: Vec<f64>,
    /// From the planned time of the first message that counts to the last answer.
    pub took: Duration,
    /// How late the last message was sent, by the plan of this side.
    pub behind: Duration,
}

impl Lines {
    /// Takes the connections, which are kept alive from now on.
    pub fn keep(sockets: Vec<Socket>, is_gateway: bool) -> Self {
        let tally = Arc::new(Mutex::new(Tally::default()));
        let count = sockets.len().max(1);
        let begin = Instant::now();
        let orders = sockets
            .into_iter()
            .enumerate()
            .map(|(number, socket)| {
                let (orders, inbox) = mpsc::unbounded_channel();
                // They do not all speak at once.
                let first = begin + PING_INTERVAL.mul_f64((number + 1) as f64 / count as f64);
                tokio::spawn(live(socket, inbox, first, is_gateway, Arc::clone(&tally)));
                orders
            })
            .collect();
        Self { orders, tally }
    }

    /// Sends the frames one after the other, each on the next connection, so many a second; the first ones do not count.
    ///
    /// # Errors
    /// When a connection ends, a message is refused, or answers stay away.
    pub async fn send(
        &self,
        frames: Vec<Vec<u8>>,
        each_s: f64,
        warming: usize,
    ) -> Result<Answers, BenchError> {
        let total = frames.len();
        let begin = Instant::now() + Duration::from_millis(100);
        let at = |number: usize| begin + Duration::from_secs_f64(number as f64 / each_s);
        for (number, frame) in frames.into_iter().enumerate() {
            let due = at(number);
            if due > Instant::now() {
                sleep_until(due).await;
            }
            if let Some(line) = self.orders.get(number % self.orders.len().max(1)) {
                // A line that has ended has said so in the tally.
                let _ = line.send(Order { due, frame });
            }
        }
        let behind = Instant::now().saturating_duration_since(at(total - 1));
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(latencies_ms) = self.answered(total)? {
                return Ok(Answers {
                    latencies_ms: latencies_ms.get(warming..).unwrap_or_default().to_vec(),
                    took: Instant::now().saturating_duration_since(at(warming)),
                    behind,
                });
            }
            if Instant::now() > end {
                return Err(BenchError::Bound("the last answers".into()));
            }
            sleep_until(Instant::now() + Duration::from_millis(5)).await;
        }
    }

    /// The latencies since the last time, once there are so many.
    fn answered(&self, total: usize) -> Result<Option<Vec<f64>>, BenchError> {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = &tally.fault {
            return Err(BenchError::Peer(fault.clone()));
        }
        Ok((tally.latencies_ms.len() >= total).then(|| std::mem::take(&mut tally.latencies_ms)))
    }

    /// What a connection said that should have lived.
    pub fn fault(&self) -> Option<String> {
        self.tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fault
            .clone()
    }
}

/// One connection.
async fn live(
    mut socket: Socket,
    mut inbox: mpsc::UnboundedReceiver<Order>,
    first_ping: Instant,
    is_gateway: bool,
    tally: Arc<Mutex<Tally>>,
) {
    let fail = |fault: String| {
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.fault.get_or_insert(fault);
    };
    let mut waiting: VecDeque<Instant> = VecDeque::new();
    let mut pings = interval_at(first_ping, PING_INTERVAL);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            order = inbox.recv() => {
                let Some(Order { due, frame }) = order else {
                    // A polite end takes a round trip for each of ten thousand; nobody needs it.
                    return;
                };
                waiting.push_back(due);
                if let Err(error) = socket.send(Message::Binary(frame.into())).await {
                    return fail(format!("a message could not be sent: {error}"));
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    if is_gateway
                        && let Some(fault) = no_receipt(&bytes)
                    {
                        return fail(fault);
                    }
                    let Some(due) = waiting.pop_front() else {
                        return fail("an answer to nothing".to_owned());
                    };
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    tally.latencies_ms.push(due.elapsed().as_secs_f64() * 1e3);
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return fail(format!("a connection ended: {error}")),
                None => return fail("a connection ended".to_owned()),
            },
            _ = pings.tick() => {
                let ping = timeout_at(Instant::now() + PATIENCE, socket.send(Message::Ping(Vec::new().into()))).await;
                if !matches!(ping, Ok(Ok(()))) {
                    return fail("a ping could not be sent".to_owned());
                }
            }
        }
    }
}

/// What the gateway says instead of a receipt.
fn no_receipt(bytes: &[u8]) -> Option<String> {
    match GatewayFrame::decode(bytes) {
        Ok(GatewayFrame::Receipt { .. }) => None,
        Ok(other) => Some(format!("no receipt but {other:?}")),
        Err(error) => Some(error.to_string()),
    }
}
