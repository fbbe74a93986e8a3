//! `alaqan-pictures`: every screen as a picture, and a page on which they stand side by side.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use ipc::Language;
use stage::fixtures::{self, Fixture};
use stage::{Look, Size, Stage, StageError};

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
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match take(&Arguments::parse()).await {
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

/// Each size and the looks in which it is pictured: those that stand in a branch in all, the third in one language.
fn sheets() -> [(Size, Vec<Look>); 3] {
    [
        (Size::UPRIGHT, Look::all()),
        (Size::DESK, Look::all()),
        (Size::WIDE, vec![Look::plain(Language::Kk)]),
    ]
}

async fn take(arguments: &Arguments) -> Result<usize, StageError> {
    let fixtures = if arguments.telling {
        fixtures::telling()
    } else {
        fixtures::all()
    };
    std::fs::create_dir_all(&arguments.out)?;
    let mut count = 0;
    for (size, looks) in sheets() {
        let mut stage = Stage::open(&arguments.stage, size).await?;
        for fixture in &fixtures {
            for look in &looks {
                stage.show_as(fixture, *look).await?;
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
    std::fs::write(arguments.out.join("index.html"), page(&fixtures))?;
    Ok(count)
}

fn file(size: Size, look: Look, fixture: &Fixture) -> PathBuf {
    Path::new(&size.to_string()).join(format!("{}-{look}.png", fixture.name))
}

/// One sheet a size: a line for each screen, a column for each look. Names are lower-case letters, digits and hyphens.
fn page(fixtures: &[Fixture]) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Screens of Alaqan</title><style>\
         body{font:14px sans-serif;margin:2em}td{padding:4px;vertical-align:top}img{width:210px;border:1px solid #999}\
         th{text-align:left;position:sticky;left:0;background:#fff}</style>",
    );
    for (size, looks) in sheets() {
        let _ = write!(page, "<h1>{size}</h1><table>");
        for fixture in fixtures {
            let _ = write!(page, "<tr><th>{}", fixture.name);
            for look in &looks {
                let file = file(size, *look, fixture);
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
