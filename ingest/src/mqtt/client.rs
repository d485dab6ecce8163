//! One interface over the two versions of the protocol.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, NetworkOptions, Packet, QoS,
    SubscribeFilter, SubscribeReasonCode, TlsConfiguration, Transport, v5,
};

use super::settings::{Broker, MqttSettings, MqttVersion, Tls};

/// Requests that may wait for the network: acknowledgements for as many messages as a broker may have under way.
const REQUESTS: usize = 1 << 17;
/// Largest packet of the protocol, in bytes.
const PACKET_BYTES_MAX: u32 = 268_435_455;
/// How long a broker may take to take a connection, in seconds.
const CONNECT_SECONDS: u64 = 10;

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
    pub(super) payload: Bytes,
    pub(super) retained: bool,
    /// `None` for QoS 0, which is not acknowledged.
    pkid: Option<u16>,
    /// The connection that it came by.
    epoch: u64,
}

/// The network's side of a connection.
pub(super) struct Network {
    events: Events,
    epoch: Arc<Mutex<u64>>,
}

enum Events {
    V311(Box<EventLoop>),
    V5(Box<v5::EventLoop>),
}

/// The side that asks: subscribes, acknowledges, publishes.
#[derive(Debug, Clone)]
pub(super) struct Client {
    requests: Requests,
    /// Counts connections. An acknowledgement of an earlier connection is not sent: the packet ids of a new session are others'.
    /// Held for one comparison and one push onto a queue.
    epoch: Arc<Mutex<u64>>,
}

#[derive(Debug, Clone)]
enum Requests {
    V311(AsyncClient),
    V5(v5::AsyncClient),
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To take messages: the session is kept, and acknowledged by hand.
    Take,
    /// To publish: nothing is kept.
    Publish,
}

/// A client and its network; nothing is sent before the network is polled.
pub(super) fn connect(
    settings: &MqttSettings,
    broker: &Broker,
    purpose: Purpose,
) -> (Client, Network) {
    let takes = purpose == Purpose::Take;
    let (client_id, requests) = match purpose {
        Purpose::Take => (settings.client_id.clone(), REQUESTS),
        Purpose::Publish => (settings.client_id.clone() + "-publish", 256),
    };
    let keep_alive = Duration::from_secs(settings.keep_alive_seconds.into());
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(CONNECT_SECONDS);
    let epoch = Arc::new(Mutex::new(0));
    let (requests, events) = match settings.version {
        MqttVersion::V311 => {
            let mut options = MqttOptions::new(client_id, &broker.host, broker.port);
            options
                .set_keep_alive(keep_alive)
                .set_clean_session(!takes)
                .set_manual_acks(takes)
                .set_max_packet_size(PACKET_BYTES_MAX as usize, PACKET_BYTES_MAX as usize);
            if let Some(tls) = &broker.tls {
                options.set_transport(transport(tls));
            }
            if let Some((user, password)) = &broker.credentials {
                options.set_credentials(user, password);
            }
            let (client, mut events) = AsyncClient::new(options, requests);
            events.set_network_options(network);
            (Requests::V311(client), Events::V311(Box::new(events)))
        }
        MqttVersion::V5 => {
            let mut options = v5::MqttOptions::new(client_id, &broker.host, broker.port);
            // A broker does not send what is larger than it is told: there is room for a topic and properties.
            let packet_bytes = u32::try_from(settings.message_bytes_max)
                .unwrap_or(PACKET_BYTES_MAX)
                .saturating_add(1 << 18);
            options
                .set_keep_alive(keep_alive)
                .set_clean_start(!takes)
                .set_manual_acks(takes)
                .set_connection_timeout(CONNECT_SECONDS)
                .set_max_packet_size(Some(packet_bytes.min(PACKET_BYTES_MAX)));
            if takes {
                options
                    .set_session_expiry_interval(Some(settings.session_expiry_seconds))
                    .set_receive_maximum(Some(settings.receive_maximum));
            }
            options.set_network_options(network);
            if let Some(tls) = &broker.tls {
                options.set_transport(transport(tls));
            }
            if let Some((user, password)) = &broker.credentials {
                options.set_credentials(user, password);
            }
            let (client, events) = v5::AsyncClient::new(options, requests);
            (Requests::V5(client), Events::V5(Box::new(events)))
        }
    };
    let client = Client {
        requests,
        epoch: Arc::clone(&epoch),
    };
    (client, Network { events, epoch })
}

fn transport(tls: &Tls) -> Transport {
    match &tls.ca {
        None => Transport::tls_with_config(TlsConfiguration::default()),
        Some(ca) => Transport::tls_with_config(TlsConfiguration::Simple {
            ca: ca.clone(),
            alpn: None,
            client_auth: tls.client.clone(),
        }),
    }
}

impl Network {
    /// The next thing that happens. After an error the next call connects anew.
    ///
    /// # Errors
    /// The connection's fault, in one line.
    pub(super) async fn next(&mut self) -> Result<Step, String> {
        let epoch = *self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match &mut self.events {
            Events::V311(events) => match events.poll().await {
                Ok(event) => Ok(step(event, epoch)),
                Err(ConnectionError::ConnectionRefused(code)) => {
                    Err(format!("the broker refuses the connection: {code:?}"))
                }
                Err(error) => Err(error.to_string()),
            },
            Events::V5(events) => match events.poll().await {
                Ok(event) => Ok(step_v5(event, epoch)),
                Err(v5::ConnectionError::ConnectionRefused(code)) => {
                    Err(format!("the broker refuses the connection: {code:?}"))
                }
                Err(error) => Err(error.to_string()),
            },
        };
        if next.is_err() {
            self.drop_connection();
        }
        next
    }

    /// Forgets what belongs to the connection that broke: acknowledgements that wait, and packets that were read and not handed on.
    fn drop_connection(&mut self) {
        let mut epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        *epoch += 1;
        match &mut self.events {
            Events::V311(events) => {
                events.clean();
                events.state.events.clear();
            }
            Events::V5(events) => {
                events.clean();
                events.state.events.clear();
            }
        }
    }
}

fn step(event: Event, epoch: u64) -> Step {
    match event {
        Event::Incoming(Packet::ConnAck(connack)) => Step::Connected {
            resumed: connack.session_present,
        },
        Event::Incoming(Packet::Publish(publish)) => Step::Message(Delivery {
            pkid: (publish.qos != QoS::AtMostOnce).then_some(publish.pkid),
            topic: publish.topic,
            payload: publish.payload,
            retained: publish.retain,
            epoch,
        }),
        Event::Incoming(Packet::SubAck(suback)) => Step::Subscribed {
            refused: positions(&suback.return_codes, |code| {
                *code == SubscribeReasonCode::Failure
            }),
        },
        _ => Step::Other,
    }
}

fn step_v5(event: v5::Event, epoch: u64) -> Step {
    use v5::mqttbytes::v5::{Packet, SubscribeReasonCode};
    match event {
        v5::Event::Incoming(Packet::ConnAck(connack)) => Step::Connected {
            resumed: connack.session_present,
        },
        v5::Event::Incoming(Packet::Publish(publish)) => Step::Message(Delivery {
            pkid: (publish.qos != v5::mqttbytes::QoS::AtMostOnce).then_some(publish.pkid),
            topic: String::from_utf8_lossy(&publish.topic).into_owned(),
            payload: publish.payload,
            retained: publish.retain,
            epoch,
        }),
        v5::Event::Incoming(Packet::SubAck(suback)) => Step::Subscribed {
            refused: positions(&suback.return_codes, |code| {
                !matches!(code, SubscribeReasonCode::Success(_))
            }),
        },
        _ => Step::Other,
    }
}

fn positions<T>(codes: &[T], is_refused: impl Fn(&T) -> bool) -> Vec<usize> {
    let codes = codes.iter().enumerate();
    codes
        .filter(|(_, code)| is_refused(code))
        .map(|(at, _)| at)
        .collect()
}

impl Client {
    /// Subscribes at QoS 1. A broker of version 5 sends retained messages only for a filter that is new in the session.
    pub(super) fn subscribe(&self, filters: &[String]) -> bool {
        match &self.requests {
            Requests::V311(client) => {
                let filters = filters
                    .iter()
                    .map(|filter| SubscribeFilter::new(filter.clone(), QoS::AtLeastOnce));
                client.try_subscribe_many(filters).is_ok()
            }
            Requests::V5(client) => {
                use v5::mqttbytes::v5::{Filter, RetainForwardRule};
                let filters = filters.iter().map(|filter| {
                    let mut filter = Filter::new(filter.clone(), v5::mqttbytes::QoS::AtLeastOnce);
                    // A shared subscription must not ask for it.
                    filter.nolocal = !filter.path.starts_with("$share/");
                    filter.preserve_retain = true;
                    filter.retain_forward_rule = RetainForwardRule::OnNewSubscribe;
                    filter
                });
                client.try_subscribe_many(filters).is_ok()
            }
        }
    }

    /// Acknowledges a message, unless the connection that it came by is gone: then the broker sends it again.
    pub(super) fn acknowledge(&self, delivery: &Delivery) {
        let Some(pkid) = delivery.pkid else {
            return;
        };
        let epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        if *epoch != delivery.epoch {
            return;
        }
        // A full queue leaves it unacknowledged: the broker sends it again after the next connection.
        match &self.requests {
            Requests::V311(client) => {
                let mut publish = rumqttc::Publish::new("", QoS::AtLeastOnce, Vec::new());
                publish.pkid = pkid;
                client.try_ack(&publish).ok();
            }
            Requests::V5(client) => {
                let mut publish = v5::mqttbytes::v5::Publish::new(
                    "",
                    v5::mqttbytes::QoS::AtLeastOnce,
                    Bytes::new(),
                    None,
                );
                publish.pkid = pkid;
                client.try_ack(&publish).ok();
            }
        }
    }

    /// Publishes at QoS 1; waits for room. False when the network is gone.
    pub(super) async fn publish(&self, topic: &str, payload: Vec<u8>) -> bool {
        match &self.requests {
            Requests::V311(client) => client
                .publish(topic, QoS::AtLeastOnce, false, payload)
                .await
                .is_ok(),
            Requests::V5(client) => client
                .publish(topic, v5::mqttbytes::QoS::AtLeastOnce, false, payload)
                .await
                .is_ok(),
        }
    }

    /// Asks the network to end the connection well.
    pub(super) fn disconnect(&self) {
        match &self.requests {
            Requests::V311(client) => client.try_disconnect().ok(),
            Requests::V5(client) => client.try_disconnect().ok(),
        };
    }
}
