//! `alaqan-puppet`: makes a clip from one portrait.

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;

/// Animates one portrait into a clip with a list of its events, as test material.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Picture of one person who faces the camera.
    #[arg(long)]
    portrait: PathBuf,
    /// Folder of the face models.
    #[arg(long)]
    models: PathBuf,
    /// Folder for the clip and its manifest.toml; made if it is not there.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let clip = puppet::render_file(&arguments.portrait, &arguments.models, &arguments.out)?;
    println!("{}", clip.display());
    println!("A rendered puppet: it proves the plumbing, not the biometrics.");
    Ok(())
}
