//! One job of a printer: asking how it does, or printing a slip. Pure: bytes and times come in, steps go out.
//!
//! ```text
//! Asking ──(print: all is well)──> Printing: pieces, at most two ahead of the marks that come back,
//!    └──(status)──> End               and questions in between ──(all marks are back)──> End
//! ```
//!
//! A printer that is out of paper takes no more than its buffer holds, and where the buffer is full, a question does
//! not get through. So no more is sent ahead than the smallest buffer takes, whatever the flow control.

use std::collections::VecDeque;
use std::time::Duration;

use super::codec::{Inbound, Question, Status};
use crate::PrintError;

/// How long an idle printer may take for an answer.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(1);
/// How long one that prints may: what was sent before lies on the line still.
pub const BUSY_LIMIT: Duration = Duration::from_secs(5);
/// How long it may take until the next piece is on paper.
pub const PIECE_LIMIT: Duration = Duration::from_secs(15);
/// How long a whole slip may take.
pub const SLIP_LIMIT: Duration = Duration::from_secs(120);
/// The pause between two questions to a printer that prints.
pub const PAUSE: Duration = Duration::from_millis(100);
/// How many pieces may be on their way: one is printed while the next is sent.
pub const AHEAD_MAX: usize = 2;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this, and come back.
    Send(Vec<u8>),
    /// Hear what the printer says, until this time at most, and come back.
    Hear(Duration),
    /// It is over.
    End(Result<Status, PrintError>),
}

enum Phase {
    /// Asks all questions, one after the other.
    Asking(usize),
    /// Prints, and asks this of [`CHECKS`] at that time.
    Printing { check: usize, at: Duration },
}

/// What is asked again and again while a slip is printed.
const CHECKS: [Question; 3] = [Question::Offline, Question::Error, Question::Paper];

/// A job. Times are durations from its beginning.
pub struct Job {
    /// What is to be sent; `None` where only the status is wanted.
    pieces: Option<VecDeque<Vec<u8>>>,
    phase: Phase,
    asked: Option<(Question, Duration)>,
    status: Status,
    /// Pieces that were sent and whose mark has not come back.
    ahead: usize,
    /// When a mark came last, or was first waited for; `None` where one has just come.
    moved: Option<Duration>,
    has_sent: bool,
    fault: Option<PrintError>,
}

impl Job {
    /// Asks for the status.
    pub fn status() -> Self {
        Self {
            pieces: None,
            phase: Phase::Asking(0),
            asked: None,
            status: Status::default(),
            ahead: 0,
            moved: None,
            has_sent: false,
            fault: None,
        }
    }

    /// Prints what these pieces are; each of them ends with a mark.
    pub fn print(pieces: Vec<Vec<u8>>) -> Self {
        Self {
            pieces: Some(pieces.into()),
            ..Self::status()
        }
    }

    /// Whether a part of the slip lies in the printer.
    pub fn has_sent(&self) -> bool {
        self.has_sent
    }

    /// What to do at this time.
    pub fn next(&mut self, now: Duration) -> Step {
        if let Some(fault) = self.fault.clone() {
            return Step::End(Err(fault));
        }
        match self.phase {
            Phase::Asking(index) => self.next_question(index, now),
            Phase::Printing { check, at } => self.next_piece(check, at, now),
        }
    }

    fn next_question(&mut self, index: usize, now: Duration) -> Step {
        if let Some(waiting) = self.awaited(ANSWER_LIMIT, now) {
            return waiting;
        }
        if let Some(question) = Question::ALL.get(index) {
            self.phase = Phase::Asking(index + 1);
            return self.ask(*question, now);
        }
        if self.pieces.is_none() {
            return Step::End(Ok(self.status));
        }
        if let Err(fault) = self.status.ready() {
            return self.fail(fault);
        }
        self.phase = Phase::Printing {
            check: 0,
            at: now + PAUSE,
        };
        self.next(now)
    }

    fn next_piece(&mut self, check: usize, at: Duration, now: Duration) -> Step {
        if self.ahead < AHEAD_MAX
            && let Some(piece) = self.pieces.as_mut().and_then(VecDeque::pop_front)
        {
            self.ahead += 1;
            self.has_sent = true;
            return Step::Send(piece);
        }
        if self.ahead == 0 {
            return Step::End(Ok(self.status));
        }
        let moved = *self.moved.get_or_insert(now);
        if now >= moved + PIECE_LIMIT || now >= SLIP_LIMIT {
            return self.give_up("the slip was not printed");
        }
        if let Some(waiting) = self.awaited(BUSY_LIMIT, now) {
            return waiting;
        }
        if now < at {
            return Step::Hear(at);
        }
        self.phase = Phase::Printing {
            check: (check + 1) % CHECKS.len(),
            at: now + PAUSE,
        };
        self.ask(CHECKS.get(check).copied().unwrap_or(Question::Offline), now)
    }

    /// What to do where an answer is waited for.
    fn awaited(&mut self, limit: Duration, now: Duration) -> Option<Step> {
        let (_, asked) = self.asked?;
        Some(if now >= asked + limit {
            self.give_up("no answer to a question for its status")
        } else {
            Step::Hear(asked + limit)
        })
    }

    /// Takes what the printer has said.
    pub fn heard(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match Inbound::of(*byte) {
                Inbound::Flow => {}
                Inbound::Answer(answer) => match self.asked.take() {
                    Some((question, _)) => self.answered(question, answer),
                    None => self.disbelieve("an answer that was not asked for"),
                },
                Inbound::Mark if self.ahead > 0 => {
                    self.ahead -= 1;
                    self.moved = None;
                }
                Inbound::Mark | Inbound::Unknown => self.disbelieve("bytes that mean nothing"),
            }
        }
    }

    fn answered(&mut self, question: Question, answer: u8) {
        if let Err(fault) = self.status.take(question, answer) {
            self.fault.get_or_insert(fault);
        } else if self.has_sent
            && let Err(fault) = self.status.ready()
        {
            self.fault.get_or_insert(fault);
        }
    }

    fn ask(&mut self, question: Question, now: Duration) -> Step {
        self.asked = Some((question, now));
        Step::Send(question.bytes().to_vec())
    }

    fn disbelieve(&mut self, why: &'static str) {
        self.fault.get_or_insert(PrintError::Protocol(why));
    }

    fn give_up(&mut self, why: &'static str) -> Step {
        self.fail(PrintError::Timeout(why))
    }

    fn fail(&mut self, fault: PrintError) -> Step {
        self.fault = Some(fault.clone());
        Step::End(Err(fault))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WELL: u8 = 0x12;

    /// Plays a printer that answers each question by `answer`, and the last piece with a mark.
    fn play(
        mut job: Job,
        mut answer: impl FnMut(usize, u8) -> Vec<u8>,
    ) -> (Result<Status, PrintError>, Vec<Vec<u8>>) {
        let (mut now, mut pieces, mut questions) = (Duration::ZERO, Vec::new(), 0);
        loop {
            match job.next(now) {
                Step::Send(bytes) => match bytes.as_slice() {
                    [0x10, 4, number] => {
                        job.heard(&answer(questions, *number));
                        questions += 1;
                    }
                    _ => {
                        if bytes.ends_with(b"+") {
                            job.heard(&[0]);
                        }
                        pieces.push(bytes);
                    }
                },
                Step::Hear(until) => {
                    assert!(until > now);
                    now = until;
                }
                Step::End(result) => return (result, pieces),
            }
        }
    }

    fn pieces() -> Vec<Vec<u8>> {
        [b"one+", b"two+", b"six+"].map(|piece| piece.to_vec()).to_vec()
    }

    #[test]
    fn a_slip_is_sent_in_order() {
        let (result, sent) = play(Job::print(pieces()), |_, _| vec![WELL]);
        assert_eq!((result, sent), (Ok(Status::default()), pieces()));
    }

    #[test]
    fn nothing_is_sent_to_a_printer_that_is_not_ready() {
        let check = |answer: &dyn Fn(u8) -> Vec<u8>, expect: PrintError| {
            let (result, sent) = play(Job::print(pieces()), |_, number| answer(number));
            assert_eq!((result, sent.len()), (Err(expect), 0));
        };
        check(
            &|number| vec![if number == 4 { 0x72 } else { WELL }],
            PrintError::OutOfPaper,
        );
        check(
            &|number| vec![if number == 2 { 0x16 } else { WELL }],
            PrintError::CoverOpen,
        );
        check(&|_| vec![0xff], PrintError::Protocol("bytes that mean nothing"));
        check(
            &|_| vec![WELL, WELL],
            PrintError::Protocol("an answer that was not asked for"),
        );
        check(
            &|_| vec![],
            PrintError::Timeout("no answer to a question for its status"),
        );
    }

    #[test]
    fn paper_that_ends_on_the_way_ends_the_job() {
        // Nothing comes back of any piece: two are sent, and no third.
        let (result, sent) = play(Job::print(vec![b"one".to_vec(); 9]), |at, number| {
            vec![if at > 6 && number == 4 { 0x72 } else { WELL }]
        });
        assert_eq!((result, sent.len()), (Err(PrintError::OutOfPaper), AHEAD_MAX));
    }

    #[test]
    fn a_slip_that_never_ends_is_given_up() {
        let endless = vec![b"one".to_vec()];
        let (result, _) = play(Job::print(endless), |_, _| vec![WELL]);
        assert_eq!(result, Err(PrintError::Timeout("the slip was not printed")));
    }

    #[test]
    fn a_mark_that_was_not_sent_is_nonsense() {
        let (result, _) = play(Job::print(pieces()), |at, _| {
            if at == 0 { vec![0, WELL] } else { vec![WELL] }
        });
        assert_eq!(result, Err(PrintError::Protocol("bytes that mean nothing")));
    }

    #[test]
    fn a_status_is_no_error() {
        let (result, sent) = play(Job::status(), |_, number| {
            vec![if number == 2 { 0x16 } else { WELL }]
        });
        assert!(result.unwrap().cover_open);
        assert!(sent.is_empty());
    }

    proptest! {
        /// Whatever a printer says, the job ends.
        #[test]
        fn every_job_ends(noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3), 1..50), prints: bool) {
            let job = if prints { Job::print(pieces()) } else { Job::status() };
            let _ = play(job, |at, _| noise[at % noise.len()].clone());
        }
    }
}
