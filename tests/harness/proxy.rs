//! A network that can be cut: bytes between a client and a server of loopback.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A port of loopback behind which another one lies, until it is cut.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    ways: Arc<Mutex<Vec<TcpStream>>>,
    connections: Arc<AtomicU64>,
    closed: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
}

impl Proxy {
    /// A way to `port`.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let proxy = Self {
            port: listener.local_addr().expect("it listens").port(),
            ways: Arc::default(),
            connections: Arc::default(),
            closed: Arc::default(),
            stop: Arc::default(),
        };
        let (ways, connections) = (Arc::clone(&proxy.ways), Arc::clone(&proxy.connections));
        let (closed, stop) = (Arc::clone(&proxy.closed), Arc::clone(&proxy.stop));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                if closed.load(Ordering::Relaxed) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                connections.fetch_add(1, Ordering::Relaxed);
                client.set_nodelay(true).ok();
                server.set_nodelay(true).ok();
                pass(&client, &server);
                pass(&server, &client);
                let mut ways = ways.lock().unwrap_or_else(PoisonError::into_inner);
                ways.extend([client, server]);
            }
        });
        proxy
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How many connections were made through it.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Cuts every connection and lets no new one through, until it is opened again.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.cut();
    }

    /// Lets connections through again.
    pub fn open(&self) {
        self.closed.store(false, Ordering::Relaxed);
    }

    /// Cuts every connection, in the middle of whatever is on its way; new ones are let through.
    pub fn cut(&self) {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        for way in ways.drain(..) {
            way.shutdown(Shutdown::Both).ok();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.cut();
        // Wakes the thread that waits for the next connection.
        TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).ok();
    }
}

fn pass(from: &TcpStream, to: &TcpStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else {
        return;
    };
    std::thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        loop {
            match from.read(&mut buffer) {
                Ok(n) if n > 0 => {
                    if to.write_all(&buffer[..n]).is_err() {
                        break;
                    }
                }
                _ => break,
            }
        }
        from.shutdown(Shutdown::Both).ok();
        to.shutdown(Shutdown::Both).ok();
    });
}
