//! `alaqan-torture-line`: a bad line between a kiosk and a gateway, for trying things by hand.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use torture::line::Line;
use torture::plan;

/// A TCP proxy that drops, delays, doubles, cuts and keeps silent, until Ctrl-C.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where kiosks connect.
    #[arg(long, default_value = "127.0.0.1:9443")]
    listen: SocketAddr,
    /// The gateway; several take turns.
    #[arg(long, required = true)]
    to: Vec<SocketAddr>,
    /// From this the fates of connections are drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How bad it is.
    #[arg(long, value_enum, default_value_t = Weather::Storm)]
    weather: Weather,
}

#[derive(Clone, Copy, ValueEnum)]
enum Weather {
    Fair,
    Rough,
    Storm,
    Down,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let weather = match arguments.weather {
        Weather::Fair => plan::Weather::Fair,
        Weather::Rough => plan::Weather::Rough,
        Weather::Storm => plan::Weather::Storm,
        Weather::Down => plan::Weather::Down,
    };
    let line = match Line::start_at(arguments.listen, arguments.seed, arguments.to, weather).await {
        Ok(line) => line,
        Err(error) => {
            eprintln!(
                "alaqan-torture-line: {} cannot be listened on: {error}",
                arguments.listen
            );
            return ExitCode::FAILURE;
        }
    };
    println!("{}", line.address());
    // Without signals it runs until it is killed.
    let _ = tokio::signal::ctrl_c().await;
    for (fate, times) in line.fates() {
        println!("{times:>6}  {fate}");
    }
    ExitCode::SUCCESS
}
