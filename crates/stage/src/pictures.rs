//! `alaqan-pictures`: every screen as a picture, and a page on which they stand side by side.

mod smaller;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use ipc::Language;
use stage::fixtures::{self, Fixture};
use stage::{Look, Size, Stage, StageError};
use thiserror::Error;

use crate::smaller::SmallerError;

/// Takes a picture of every screen.
#[derive(Parser)]
struct Arguments {
    /// The program `alaqan-stage`.
    #[arg(long)]
    stage: PathBuf,
    /// Where the pictures go.
    #[arg(long)]
    out: PathBuf,
    /// One of each kind of screen and those that differ most from it.
    #[arg(long)]
    telling: bool,
    /// Only screens whose names begin so; may be given several times.
    #[arg(long = "screen", value_name = "NAME")]
    screens: Vec<String>,
    /// What moves for a moment is shown as it is so many milliseconds after its beginning, and not at its end.
    #[arg(long, value_name = "MS")]
    moment: Option<u32>,
    /// Only the few that stand in the documents, half as large.
    #[arg(long, conflicts_with = "telling")]
    documents: bool,
}

/// The pictures of the documents: their names, and the screens that they show.
const OF_DOCUMENTS: [(&str, &str); 5] = [
    ("welcome", "welcome"),
    ("consent", "consent-processing"),
    ("face", "face-turn-left"),
    ("palm", "palm-show-hand"),
    ("outcome", "outcome-verified"),
];
/// Longer than any answer waits for its text.
const SOON: Duration = Duration::from_secs(4);
/// Somebody before the camera, drawn: there is none behind the stage.
const SOMEBODY: &str = r"
    const canvas = document.querySelector('.face__canvas');
    [canvas.width, canvas.height] = [600, 720];
    const draw = canvas.getContext('2d');
    const oval = (colour, x, y, width, height) => {
        draw.fillStyle = colour;
        draw.beginPath();
        draw.ellipse(x, y, width, height, 0, 0, 7);
        draw.fill();
    };
    draw.fillStyle = '#9fb3b8';
    draw.fillRect(0, 0, 600, 720);
    oval('#0d5c6b', 300, 800, 290, 230);
    oval('#b98a6b', 300, 560, 75, 110);
    oval('#2f2521', 300, 290, 182, 205);
    oval('#c99b7a', 300, 345, 150, 195);
    for (const x of [242, 358]) {
        oval('#ffffff', x, 330, 26, 14);
        oval('#2f2521', x, 330, 12, 13);
        oval('#2f2521', x, 296, 32, 6);
    }
    oval('#a87958', 300, 395, 17, 24);
    oval('#9c4a44', 300, 458, 44, 11);
    canvas.dataset.live = 'true';
    return true;";
/// Nobody waits for a page with larger ones.
const DOCUMENT_BYTES_MAX: u64 = 150_000;

/// Why there are no pictures.
#[derive(Debug, Error)]
enum PicturesError {
    /// The stage does not show them.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A picture cannot be read or written.
    #[error("{path} cannot be made smaller")]
    Smaller {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SmallerError,
    },
    /// A screen of the documents is none of the fixtures any more.
    #[error("there is no screen {0}")]
    NoScreen(&'static str),
    /// It would make the documents slow.
    #[error("{path} has {bytes} bytes, more than {DOCUMENT_BYTES_MAX}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How many it has.
        bytes: u64,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let taken = if arguments.documents {
        take_for_documents(&arguments).await
    } else {
        take(&arguments).await.map_err(PicturesError::Stage)
    };
    match taken {
        Ok(count) => {
            println!("   {count} pictures");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("alaqan-pictures: {}", alaqan::chain(&error));
            ExitCode::from(1)
        }
    }
}

/// Each size and the looks in which it is pictured: those that stand in a branch in all, the third in one language where
/// all screens are.
fn sheets(few: bool) -> [(Size, Vec<Look>); 3] {
    let on_walls = if few {
        Look::all()
    } else {
        vec![Look::plain(Language::Kk)]
    };
    [
        (Size::UPRIGHT, Look::all()),
        (Size::DESK, Look::all()),
        (Size::WIDE, on_walls),
    ]
}

async fn take(arguments: &Arguments) -> Result<usize, StageError> {
    let fixtures = if arguments.telling {
        fixtures::telling()
    } else {
        fixtures::all()
    };
    let wanted = |fixture: &Fixture| {
        let names = &arguments.screens;
        names.is_empty() || names.iter().any(|name| fixture.name.starts_with(name))
    };
    let fixtures: Vec<Fixture> = fixtures.into_iter().filter(wanted).collect();
    std::fs::create_dir_all(&arguments.out)?;
    let mut count = 0;
    let sheets = sheets(!arguments.screens.is_empty());
    for (size, looks) in &sheets {
        let size = *size;
        let mut stage = Stage::open(&arguments.stage, size).await?;
        for fixture in &fixtures {
            for look in looks {
                match arguments.moment {
                    None => stage.show_as(fixture, *look).await?,
                    Some(ms) => stage.show_at(fixture, *look, ms).await?,
                }
                stage
                    .walk
                    .picture(&arguments.out.join(file(size, *look, fixture)))
                    .await?;
                count += 1;
            }
        }
        stage.close().await?;
        println!("   {size}: {} screens in {} looks", fixtures.len(), looks.len());
    }
    std::fs::write(arguments.out.join("index.html"), page(&fixtures, &sheets))?;
    Ok(count)
}

async fn take_for_documents(arguments: &Arguments) -> Result<usize, PicturesError> {
    let mut stage = Stage::open(&arguments.stage, Size::UPRIGHT).await?;
    for (name, screen) in OF_DOCUMENTS {
        let fixture = fixtures::named(screen).ok_or(PicturesError::NoScreen(screen))?;
        stage.show_as(&fixture, Look::plain(Language::En)).await?;
        if name == "face" {
            stage.ask(SOMEBODY).await?;
        }
        // Answers wait until a text can have been noticed.
        tokio::time::sleep(SOON).await;
        let path = arguments.out.join(format!("{name}.png"));
        stage.walk.picture(&path).await.map_err(StageError::Walk)?;
        let bytes = smaller::halve(&path).map_err(|source| PicturesError::Smaller {
            path: path.clone(),
            source,
        })?;
        if bytes > DOCUMENT_BYTES_MAX {
            return Err(PicturesError::TooLarge { path, bytes });
        }
    }
    stage.close().await?;
    Ok(OF_DOCUMENTS.len())
}

fn file(size: Size, look: Look, fixture: &Fixture) -> PathBuf {
    Path::new(&size.to_string()).join(format!("{}-{look}.png", fixture.name))
}

/// One sheet a size: a line for each screen, a column for each look. Names are lower-case letters, digits and hyphens.
fn page(fixtures: &[Fixture], sheets: &[(Size, Vec<Look>)]) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Screens of Alaqan</title><style>\
         body{font:14px sans-serif;margin:2em}td{padding:4px;vertical-align:top}img{width:210px;border:1px solid #999}\
         th{text-align:left;position:sticky;left:0;background:#fff}</style>",
    );
    for (size, looks) in sheets {
        let _ = write!(page, "<h1>{size}</h1><table>");
        for fixture in fixtures {
            let _ = write!(page, "<tr><th>{}", fixture.name);
            for look in looks {
                let file = file(*size, *look, fixture);
                let file = file.display();
                let _ = write!(
                    page,
                    "<td><a href=\"{file}\"><img loading=\"lazy\" src=\"{file}\" alt=\"{look}\"></a>"
                );
            }
        }
        page.push_str("</table>");
    }
    page
}
