//! A connection with a broker, made anew whenever it breaks.
//!
//! One side reads ([`Network`]), one side asks ([`Client`]); a task of its own writes what waits, and asks whether the broker is there
//! when nothing else is written. What is written belongs to one connection: an acknowledgement for a message of an earlier one is
//! never sent, since the packet ids of a new session are those of other messages. The broker sends the message again.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::{Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

use super::{
    settings::{Broker, MqttSettings, MqttVersion, Tls},
    wire::{self, Connect, Packet},
};

/// Writes that may wait for the network.
const WRITES: usize = 1024;
/// Bytes that are written at once, about.
const WRITE_BYTES: usize = 64 << 10;
/// How long a broker may take to take a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Largest packet of the protocol, in bytes.
const PACKET_BYTES_MAX: usize = 268_435_455;
/// What a message's packet has besides its payload, at most: topic, id, properties.
const HEAD_BYTES: usize = 256 << 10;
/// Most messages of ours that are on their way.
const ROOM: u16 = 100;

/// What the network gave.
#[derive(Debug)]
pub(super) enum Step {
    Connected {
        resumed: bool,
    },
    Message(Delivery),
    /// The answer to a subscription: which filters were refused.
    Subscribed {
        refused: Vec<usize>,
    },
    Other,
}

/// A message with what its acknowledgement needs.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) topic: String,
    /// Empty when it was too large to be read.
    pub(super) payload: Bytes,
    /// The payload's size in bytes.
    pub(super) size: usize,
    pub(super) retained: bool,
    /// `None` for `QoS` 0, which is not acknowledged.
    pkid: Option<u16>,
    /// The connection that it came by.
    epoch: u64,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To take messages: the session is kept, and acknowledged by hand.
    Take,
    /// To publish: nothing is kept.
    Publish,
    /// To publish what must arrive: nothing is kept by the broker.
    Deliver,
}

/// The network's side.
pub(super) struct Network {
    settings: MqttSettings,
    broker: Broker,
    purpose: Purpose,
    current: Current,
    reader: Option<Reader>,
    epoch: u64,
    writing: JoinSet<()>,
    silence: Duration,
}

type Reader = BufReader<Box<dyn AsyncRead + Send + Sync + Unpin>>;
type Writer = Box<dyn AsyncWrite + Send + Sync + Unpin>;

/// The connection that there is now. Held to copy a handle.
type Current = Arc<Mutex<Option<Connection>>>;

#[derive(Debug, Clone)]
struct Connection {
    epoch: u64,
    out: mpsc::Sender<Vec<u8>>,
    room: Arc<Semaphore>,
    /// Who waits to hear what became of a message, by its packet id. Held to put in or take out.
    unheard: Arc<Mutex<HashMap<u16, oneshot::Sender<u8>>>>,
}

impl Connection {
    fn acknowledged(&self, pkid: u16, code: u8) {
        let mut unheard = self.unheard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waits) = unheard.remove(&pkid) {
            // Whoever gave up waiting does not want to know.
            waits.send(code).ok();
        }
    }
}

/// The side that asks.
#[derive(Debug, Clone)]
pub(super) struct Client {
    version: MqttVersion,
    current: Current,
    pkid: Arc<AtomicU16>,
}

/// A client and its network; nothing is sent before the network is asked for its next step.
pub(super) fn connect(
    settings: &MqttSettings,
    broker: &Broker,
    purpose: Purpose,
) -> (Client, Network) {
    let current = Current::default();
    let client = Client {
        version: settings.version,
        current: Arc::clone(&current),
        pkid: Arc::default(),
    };
    let network = Network {
        settings: settings.clone(),
        broker: broker.clone(),
        purpose,
        current,
        reader: None,
        epoch: 0,
        writing: JoinSet::new(),
        silence: Duration::ZERO,
    };
    (client, network)
}

impl Network {
    /// The next thing that happens. After an error the next call connects anew.
    ///
    /// # Errors
    /// The connection's fault, in one line.
    pub(super) async fn next(&mut self) -> Result<Step, String> {
        let next = match self.reader.take() {
            None => self.connect().await,
            Some(mut reader) => {
                let step = timeout(self.silence, self.read(&mut reader)).await;
                self.reader = Some(reader);
                step.unwrap_or_else(|_elapsed| Err("the broker is silent".to_owned()))
            }
        };
        if next.is_err() {
            self.reader = None;
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.writing.abort_all();
        }
        next
    }

    async fn connect(&mut self) -> Result<Step, String> {
        let settings = &self.settings;
        let connected = timeout(CONNECT, open(&self.broker)).await;
        let (reader, mut writer) =
            connected.unwrap_or_else(|_elapsed| Err("no answer to the connection".to_owned()))?;
        let takes = self.purpose == Purpose::Take;
        let client_id = match self.purpose {
            Purpose::Take => settings.client_id.clone(),
            Purpose::Publish => settings.client_id.clone() + "-publish",
            Purpose::Deliver => settings.client_id.clone() + "-alerts",
        };
        let packet_max = settings.message_bytes_max.saturating_add(HEAD_BYTES);
        let connect = Connect {
            version: settings.version,
            client_id: &client_id,
            keep_session: takes,
            keep_alive: settings.keep_alive_seconds,
            credentials: self
                .broker
                .credentials
                .as_ref()
                .map(|(user, password)| (user.as_str(), password.as_str())),
            session_expiry: settings.session_expiry_seconds,
            receive_maximum: settings.receive_maximum,
            packet_max: u32::try_from(packet_max.min(PACKET_BYTES_MAX)).unwrap_or(u32::MAX),
        };
        let mut reader: Reader = BufReader::with_capacity(WRITE_BYTES, reader);
        let answered = timeout(CONNECT, async {
            let sent = writer.write_all(&connect.packet()).await;
            sent.map_err(|error| error.to_string())?;
            writer.flush().await.map_err(|error| error.to_string())?;
            self.packet(&mut reader).await
        });
        let answer = answered
            .await
            .unwrap_or_else(|_elapsed| Err("no answer to the connection".to_owned()))?;
        let (resumed, keep_alive, room) = match answer.0 {
            Packet::Connected {
                resumed,
                keep_alive,
                room,
            } => (
                resumed,
                keep_alive.unwrap_or(settings.keep_alive_seconds),
                room,
            ),
            Packet::Refused(code) => {
                return Err(format!(
                    "the broker refuses the connection with code {code}"
                ));
            }
            _ => return Err("the broker speaks no MQTT".to_owned()),
        };
        self.epoch += 1;
        let (out, waiting) = mpsc::channel(WRITES);
        let keep_alive = Duration::from_secs(keep_alive.max(1).into());
        self.silence = keep_alive * 2;
        self.writing.abort_all();
        self.writing.spawn(write(writer, waiting, keep_alive / 2));
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Connection {
            epoch: self.epoch,
            out,
            room: Arc::new(Semaphore::new(room.min(ROOM).into())),
            unheard: Arc::default(),
        });
        self.reader = Some(reader);
        Ok(Step::Connected { resumed })
    }

    async fn read(&self, reader: &mut Reader) -> Result<Step, String> {
        let (packet, body, size) = self.packet(reader).await?;
        Ok(match packet {
            Packet::Publish(publish) => Step::Message(Delivery {
                payload: body.slice(publish.payload_at.min(body.len())..),
                size: size.saturating_sub(publish.payload_at),
                topic: publish.topic,
                retained: publish.retained,
                pkid: publish.pkid,
                epoch: self.epoch,
            }),
            Packet::Acknowledged { pkid, code } => {
                let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(connection) = current.as_ref() {
                    connection.room.add_permits(1);
                    connection.acknowledged(pkid, code);
                }
                Step::Other
            }
            Packet::Subscribed { refused } => Step::Subscribed { refused },
            Packet::Disconnect(code) => {
                return Err(format!("the broker ends the connection with code {code}"));
            }
            Packet::Connected { .. } | Packet::Refused(_) | Packet::Other => Step::Other,
        })
    }

    /// One packet, its bytes behind the length, and how many there were. Of a message that is too large the payload is read over.
    async fn packet(&self, reader: &mut Reader) -> Result<(Packet, Bytes, usize), String> {
        let io = |error: std::io::Error| error.to_string();
        let first = reader.read_u8().await.map_err(io)?;
        let mut size = 0;
        for shift in [0, 7, 14, 21] {
            let byte = reader.read_u8().await.map_err(io)?;
            size |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
            if shift == 21 {
                return Err("a length of more than four bytes".to_owned());
            }
        }
        let is_message = first >> 4 == 3;
        let limit = if is_message {
            self.settings.message_bytes_max.saturating_add(HEAD_BYTES)
        } else {
            HEAD_BYTES
        };
        let kept = if size <= limit {
            size
        } else {
            size.min(HEAD_BYTES)
        };
        if size > limit && !is_message {
            return Err("a packet that is too large".to_owned());
        }
        let mut body = Vec::new();
        let read = (&mut *reader)
            .take(kept as u64)
            .read_to_end(&mut body)
            .await;
        if read.map_err(io)? < kept {
            return Err("the connection ended within a packet".to_owned());
        }
        let packet = wire::parse(self.settings.version, first, &body).map_err(str::to_owned)?;
        if kept < size {
            let rest = (size - kept) as u64;
            let mut over = (&mut *reader).take(rest);
            let passed = tokio::io::copy(&mut over, &mut tokio::io::sink()).await;
            if passed.map_err(io)? < rest {
                return Err("the connection ended within a packet".to_owned());
            }
            body.clear();
        }
        Ok((packet, body.into(), size))
    }
}

async fn open(
    broker: &Broker,
) -> Result<(Box<dyn AsyncRead + Send + Sync + Unpin>, Writer), String> {
    let host = broker.host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, broker.port)).await;
    let stream = stream.map_err(|error| error.to_string())?;
    // Acknowledgements are small and must not wait for each other.
    stream
        .set_nodelay(true)
        .map_err(|error| error.to_string())?;
    let Some(tls) = &broker.tls else {
        let (reader, writer) = stream.into_split();
        return Ok((Box::new(reader), Box::new(writer)));
    };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(Arc::new(tls_config(tls)?))
        .connect(name, stream)
        .await
        .map_err(|error| format!("TLS: {error}"))?;
    let (reader, writer) = tokio::io::split(stream);
    Ok((Box::new(reader), Box::new(writer)))
}

fn tls_config(tls: &Tls) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| format!("ca_file: {error}"))?;
                roots
                    .add(certificate)
                    .map_err(|error| format!("ca_file: {error}"))?;
            }
        }
        None => {
            let (_added, _ignored) =
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    // Named, since the dependencies bring two: rustls panics where it would have to choose.
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    match &tls.client {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
            let chain = chain.map_err(|error| format!("client_cert_file: {error}"))?;
            let key = PrivateKeyDer::from_pem_slice(key)
                .map_err(|error| format!("client_key_file: {error}"))?;
            let config = builder.with_client_auth_cert(chain, key);
            config.map_err(|error| format!("client_cert_file: {error}"))
        }
    }
}

/// Writes what waits, all at once; a ping when nothing waited for a while. Ends with the connection.
async fn write(mut writer: Writer, mut waiting: mpsc::Receiver<Vec<u8>>, silence: Duration) {
    loop {
        let mut bytes = match timeout(silence, waiting.recv()).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => break,
            Err(_elapsed) => wire::PING.to_vec(),
        };
        while bytes.len() < WRITE_BYTES
            && let Ok(more) = waiting.try_recv()
        {
            bytes.extend(more);
        }
        if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() {
            return;
        }
    }
    writer.shutdown().await.ok();
}

impl Client {
    fn connection(&self) -> Option<Connection> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// Subscribes at `QoS` 1; false when the connection is gone.
    pub(super) async fn subscribe(&self, filters: &[String]) -> bool {
        let Some(connection) = self.connection() else {
            return false;
        };
        let packet = wire::subscribe(self.version, filters);
        connection.out.send(packet).await.is_ok()
    }

    /// Ends subscriptions that a session of before may have.
    pub(super) async fn unsubscribe(&self, filters: &[String]) {
        if let Some(connection) = self.connection()
            && !filters.is_empty()
        {
            // A connection that broke meanwhile is made anew, and asked anew.
            let packet = wire::unsubscribe(self.version, filters);
            connection.out.send(packet).await.ok();
        }
    }

    /// Acknowledges messages, but for those of a connection that is gone: the broker sends them again.
    pub(super) async fn acknowledge(&self, deliveries: &[Delivery]) {
        let Some(connection) = self.connection() else {
            return;
        };
        let mut packets = Vec::with_capacity(deliveries.len() * 4);
        for delivery in deliveries {
            if let Some(pkid) = delivery.pkid
                && delivery.epoch == connection.epoch
            {
                wire::acknowledge(&mut packets, pkid);
            }
        }
        // A connection that broke meanwhile has nobody who takes it.
        connection.out.send(packets).await.ok();
    }

    /// Is there a connection?
    pub(super) fn is_connected(&self) -> bool {
        self.connection().is_some()
    }

    /// Publishes at `QoS` 1; waits for room. False when there is no connection.
    pub(super) async fn publish(&self, topic: &str, payload: &[u8]) -> bool {
        match self.connection() {
            Some(connection) => self.write(&connection, topic, payload, None).await,
            None => false,
        }
    }

    /// Publishes at `QoS` 1 and waits until the broker says that it has the message.
    ///
    /// # Errors
    /// The connection is gone before that, or the broker does not take the message: it may have it nevertheless.
    pub(super) async fn deliver(&self, topic: &str, payload: &[u8]) -> Result<(), String> {
        let gone = || "there is no connection with the broker".to_owned();
        let connection = self.connection().ok_or_else(gone)?;
        let (waits, heard) = oneshot::channel();
        let written = self.write(&connection, topic, payload, Some(waits)).await;
        // The connection's end is heard by what it holds being dropped.
        drop(connection);
        if !written {
            return Err(gone());
        }
        match heard.await {
            Ok(code) if code < 0x80 => Ok(()),
            Ok(code) => Err(format!("the broker refuses the message with code {code}")),
            Err(_dropped) => Err(gone()),
        }
    }

    async fn write(
        &self,
        connection: &Connection,
        topic: &str,
        payload: &[u8],
        waits: Option<oneshot::Sender<u8>>,
    ) -> bool {
        let room = tokio::select! {
            room = connection.room.acquire() => room,
            () = connection.out.closed() => return false,
        };
        let Ok(room) = room else {
            return false;
        };
        // Given back when the broker acknowledges.
        room.forget();
        let pkid = self
            .pkid
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(1)
            .max(1);
        if let Some(waits) = waits {
            let unheard = connection.unheard.lock();
            let mut unheard = unheard.unwrap_or_else(PoisonError::into_inner);
            unheard.insert(pkid, waits);
        }
        let packet = wire::publish(self.version, topic, pkid, payload);
        connection.out.send(packet).await.is_ok()
    }

    /// Ends the connection well.
    pub(super) async fn disconnect(&self) {
        let connection = self.connection();
        if let Some(connection) = connection {
            connection.out.send(wire::DISCONNECT.to_vec()).await.ok();
        }
    }
}
