use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// A gateway that says back what it hears, and tells what it heard.
async fn parrot() -> (SocketAddr, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let all = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let all = Arc::clone(&all);
            let number = {
                let mut all = all.lock().unwrap();
                all.push(Vec::new());
                all.len() - 1
            };
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                while let Ok(bytes @ 1..) = stream.read(&mut buffer).await {
                    all.lock().unwrap()[number].extend_from_slice(&buffer[..bytes]);
                    if stream.write_all(&buffer[..bytes]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (address, heard)
}

/// Says something over a connection with this fate; gives what came back before the end, what was heard on each
/// connection, and how much the line let through.
async fn said(fate: Fate, replay: &[u8], bytes: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>, usize) {
    let (gateway, heard) = parrot().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut kiosk = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    let first = TcpStream::connect(gateway).await.unwrap();
    let echo = match fate {
        Fate::Doubled | Fate::Replayed => Some(TcpStream::connect(gateway).await.unwrap()),
        _ => None,
    };
    let carried = tokio::spawn(pump::run(
        accepted,
        first,
        echo,
        fate,
        replay.to_vec(),
        Duration::from_millis(300),
    ));
    // A line that is cut refuses the rest.
    let _ = kiosk.write_all(bytes).await;
    let mut back = vec![0; bytes.len()];
    let mut came = 0;
    while came < back.len() {
        match kiosk.read(&mut back[came..]).await {
            Ok(bytes @ 1..) => came += bytes,
            _ => break,
        }
    }
    back.truncate(came);
    drop(kiosk);
    let told = carried.await.unwrap();
    assert!(bytes.starts_with(&told));
    let end = std::time::Instant::now() + Duration::from_secs(10);
    // The second connection is drained by a task of its own.
    while heard
        .lock()
        .unwrap()
        .last()
        .is_some_and(|last| last.is_empty() && fate.is_twofold())
        && std::time::Instant::now() < end
    {
        tokio::task::yield_now().await;
    }
    let heard = heard.lock().unwrap().clone();
    (back, heard, told.len())
}

impl Fate {
    fn is_twofold(self) -> bool {
        matches!(self, Self::Doubled | Self::Replayed)
    }
}

fn long() -> Vec<u8> {
    (0..50_000_u32).map(|number| (number % 251) as u8).collect()
}

#[tokio::test]
async fn what_goes_through_is_the_same() {
    for fate in [
        Fate::Through,
        Fate::Delayed {
            by: Duration::from_millis(1),
        },
        Fate::Slow {
            bytes_per_s: 10_000_000,
        },
    ] {
        let (back, heard, _) = said(fate, &[], &long()).await;
        assert!(back == long() && heard == [long()], "{fate:?}");
    }
}

#[tokio::test]
async fn a_cut_lets_just_so_much_through() {
    let cut = |way| Fate::Cut {
        way,
        after_bytes: 5_001,
    };
    let (_, heard, told) = said(cut(Way::Up), &[], &long()).await;
    // The end of the line may overtake what was said last.
    assert!(told == 5_001 && heard[0].len() <= 5_001);
    let (back, _, _) = said(cut(Way::Down), &[], &long()).await;
    assert_eq!(back, long()[..5_001]);
}

#[tokio::test]
async fn a_dead_direction_leaves_the_other_alive() {
    let dead = Fate::HalfDead {
        way: Way::Down,
        after_bytes: 0,
    };
    let (back, heard, _) = said(dead, &[], &long()).await;
    assert!(back.is_empty());
    assert_eq!(heard, [long()]);
}

#[tokio::test]
async fn a_doubled_connection_is_heard_twice() {
    let (back, heard, _) = said(Fate::Doubled, &[], b"hello").await;
    assert_eq!(back, b"hello");
    assert_eq!(heard, [b"hello".to_vec(), b"hello".to_vec()]);
}

#[tokio::test]
async fn an_earlier_connection_is_replayed_beside_the_new_one() {
    let (back, heard, _) = said(Fate::Replayed, b"before", b"hello").await;
    assert_eq!(back, b"hello");
    assert_eq!(heard, [b"hello".to_vec(), b"before".to_vec()]);
}

#[tokio::test]
async fn the_weather_rules_the_line() {
    let (gateway, _) = parrot().await;
    let line = Line::start(7, vec![gateway], Weather::Fair).await.unwrap();
    let talk = async || {
        let mut kiosk = TcpStream::connect(line.address()).await.unwrap();
        // The line may have closed it already.
        let _ = kiosk.write_all(b"x").await;
        let mut back = [0];
        matches!(kiosk.read(&mut back).await, Ok(1)).then_some(kiosk)
    };
    let mut kiosk = talk().await.unwrap();
    line.cut();
    assert!(!matches!(kiosk.read(&mut [0]).await, Ok(1)));
    line.set_weather(Weather::Down);
    assert!(talk().await.is_none());
    line.set_weather(Weather::Fair);
    assert!(talk().await.is_some());
    assert_eq!(line.connections(), 3);
    assert_eq!(line.fates()["refused"], 1);
}

#[test]
fn a_seed_makes_one_weather() {
    let draw = |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..300)
            .map(|_| Fate::draw(Weather::Storm, &mut random))
            .collect::<Vec<_>>()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    let mut names: Vec<_> = draw(1).into_iter().map(Fate::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 9, "{names:?}");
}
