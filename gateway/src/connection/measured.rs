//! A line on which nobody says much before it is let in.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// TLS, of which only so many bytes are read until the limit is lifted. The last reading may go beyond it, by the size of
/// one buffer.
pub struct Measured {
    tls: TlsStream<TcpStream>,
    left: Option<usize>,
}

impl Measured {
    /// Lets `most` bytes through.
    pub fn new(tls: TlsStream<TcpStream>, most: usize) -> Self {
        Self {
            tls,
            left: Some(most),
        }
    }

    /// From here on anything may come.
    pub fn lift(&mut self) {
        self.left = None;
    }

    /// Whether more has come than was allowed.
    pub fn is_spent(&self) -> bool {
        self.left == Some(0)
    }
}

impl AsyncRead for Measured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_spent() {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.tls).poll_read(context, buffer);
        let came = buffer.filled().len() - before;
        self.left = self.left.map(|left| left.saturating_sub(came));
        read
    }
}

impl AsyncWrite for Measured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(context)
    }
}
