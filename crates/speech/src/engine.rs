//! Synthesisers. Each is a program of its own: so their licences, and their faults, are theirs alone.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::clip::Clip;
use crate::{Language, SpeechError, Words};

/// Something that turns words into sound.
pub trait Synthesiser: Send {
    /// What it is; another name is another voice.
    fn name(&self) -> String;

    /// The words as a clip, as loud as the synthesiser makes it.
    fn say(&mut self, language: Language, words: &Words) -> Result<Clip, SpeechError>;
}

/// In a command, stands for the tag of the language.
const LANGUAGE: &str = "{language}";

/// A phrase is made in a fraction of this.
const LIMIT: Duration = Duration::from_secs(20);

/// eSpeak NG: the one synthesiser in Debian that speaks all three languages.
pub const ESPEAK: &[&str] = &["espeak-ng", "-v", LANGUAGE, "-s", "150", "--stdin", "--stdout"];

/// A program that reads words from its standard input and writes WAV to its standard output. What is said may be
/// private: so it is no argument, which other programs of the machine could see, and no file.
#[derive(Debug, Clone)]
pub struct Program {
    program: String,
    arguments: Vec<String>,
}

impl Program {
    /// From a command line; `{language}` in it stands for `kk`, `ru` or `en`. None of an empty one.
    pub fn new<T: AsRef<str>>(command: &[T]) -> Option<Self> {
        let (program, arguments) = command.split_first()?;
        Some(Self {
            program: program.as_ref().to_owned(),
            arguments: arguments.iter().map(|word| word.as_ref().to_owned()).collect(),
        })
    }

    /// eSpeak NG.
    pub fn espeak() -> Self {
        Self {
            program: "espeak-ng".to_owned(),
            arguments: ESPEAK.iter().skip(1).map(|word| (*word).to_owned()).collect(),
        }
    }

    /// The program's name.
    pub fn program(&self) -> &str {
        &self.program
    }

    fn failed(&self, what: &'static str) -> SpeechError {
        SpeechError::Engine {
            program: self.program.clone(),
            what,
        }
    }

    fn start(&self, language: Language) -> Result<Child, SpeechError> {
        let arguments = self
            .arguments
            .iter()
            .map(|word| word.replace(LANGUAGE, language.tag()));
        Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It might quote what it was given.
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| SpeechError::Start {
                program: self.program.clone(),
                source,
            })
    }
}

impl Synthesiser for Program {
    fn name(&self) -> String {
        format!("{} {}", self.program, self.arguments.join(" "))
    }

    fn say(&mut self, language: Language, words: &Words) -> Result<Clip, SpeechError> {
        let mut child = self.start(language)?;
        let (Some(mut input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(self.failed("it takes no words"));
        };
        let (sender, answers) = channel();
        let reader = std::thread::Builder::new()
            .name("synthesiser".into())
            .spawn(move || {
                let mut wav = Zeroizing::new(Vec::new());
                let read = output.read_to_end(&mut wav).map(|_| wav);
                // Nobody waits any longer where it took too long.
                let _ = sender.send(read);
            });
        reader.map_err(SpeechError::Thread)?;
        // One line: some synthesisers take each for a text of its own.
        let line = Zeroizing::new(format!("{}\n", words.expose().replace(['\n', '\r'], " ")));
        let written = input.write_all(line.as_bytes());
        drop(input);
        let answer = answers.recv_timeout(LIMIT);
        if let Err(RecvTimeoutError::Timeout) = answer {
            // It may have ended by itself just now.
            let _ = child.kill();
        }
        let status = child.wait();
        written.map_err(|_| self.failed("it takes no words"))?;
        let wav = match answer {
            Ok(Ok(wav)) => wav,
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                return Err(self.failed("its sound cannot be read"));
            }
            Err(RecvTimeoutError::Timeout) => return Err(self.failed("it took too long")),
        };
        if !status.is_ok_and(|status| status.success()) {
            return Err(self.failed("it ended with an error"));
        }
        Clip::from_wav(&wav)
    }
}
