//! Packets of MQTT 3.1.1 and 5, as far as a client needs them: bytes to packets and back. Reading is total: whatever the bytes are, the
//! result is a packet or an error.

use super::settings::MqttVersion;

/// Largest text of the protocol, in bytes.
const TEXT_BYTES_MAX: usize = u16::MAX as usize;

/// A packet from a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packet {
    /// The answer to a connection.
    Connected {
        resumed: bool,
        /// The broker's own limit for the time without a packet, in seconds.
        keep_alive: Option<u16>,
        /// Messages of ours that may be on their way.
        room: u16,
    },
    /// The connection is refused.
    Refused(u8),
    Publish(Publish),
    /// A message of ours arrived; a code from 0x80 on says that the broker does not take it.
    Acknowledged {
        pkid: u16,
        code: u8,
    },
    /// The answer to a subscription: positions of the filters that were refused.
    Subscribed {
        refused: Vec<usize>,
    },
    /// The broker ends the connection.
    Disconnect(u8),
    Other,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Publish {
    pub(super) topic: String,
    /// `None` for `QoS` 0.
    pub(super) pkid: Option<u16>,
    pub(super) retained: bool,
    /// Where the payload begins among the packet's bytes.
    pub(super) payload_at: usize,
}

/// Bytes that are no packet: what is wrong.
pub(super) type Malformed = &'static str;

/// Reads the bytes behind a packet's length. Of a message the payload may be missing.
pub(super) fn parse(version: MqttVersion, first: u8, body: &[u8]) -> Result<Packet, Malformed> {
    let v5 = version == MqttVersion::V5;
    let mut bytes = Cursor { bytes: body, at: 0 };
    match first >> 4 {
        2 => {
            let resumed = bytes.byte()? & 1 == 1;
            let code = bytes.byte()?;
            if code != 0 {
                return Ok(Packet::Refused(code));
            }
            let (mut keep_alive, mut room) = (None, u16::MAX);
            if v5 {
                bytes.properties(|name, value| match name {
                    0x13 => keep_alive = Some(value),
                    0x21 => room = value,
                    _ => {}
                })?;
            }
            Ok(Packet::Connected {
                resumed,
                keep_alive,
                room,
            })
        }
        3 => {
            let topic = bytes.text()?;
            let pkid = match first >> 1 & 3 {
                0 => None,
                1 => Some(bytes.short()?),
                _ => return Err("a message at a QoS that was not asked for"),
            };
            if v5 {
                let length = bytes.length()?;
                bytes.skip(length)?;
            }
            Ok(Packet::Publish(Publish {
                topic,
                pkid,
                retained: first & 1 == 1,
                payload_at: bytes.at,
            }))
        }
        4 => {
            let pkid = bytes.short()?;
            // Without a code it is a success.
            let code = bytes.byte().unwrap_or(0);
            Ok(Packet::Acknowledged { pkid, code })
        }
        9 => {
            bytes.short()?;
            if v5 {
                let length = bytes.length()?;
                bytes.skip(length)?;
            }
            let codes = body.get(bytes.at..).unwrap_or_default().iter().enumerate();
            let refused = codes.filter(|(_, code)| **code >= 0x80);
            Ok(Packet::Subscribed {
                refused: refused.map(|(at, _)| at).collect(),
            })
        }
        14 => Ok(Packet::Disconnect(
            body.first().copied().unwrap_or_default(),
        )),
        _ => Ok(Packet::Other),
    }
}

struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

const SHORT: Malformed = "a packet that ends too early";

impl<'b> Cursor<'b> {
    fn take(&mut self, n: usize) -> Result<&'b [u8], Malformed> {
        let end = self.at.checked_add(n).ok_or(SHORT)?;
        let taken = self.bytes.get(self.at..end).ok_or(SHORT)?;
        self.at = end;
        Ok(taken)
    }

    fn skip(&mut self, n: usize) -> Result<(), Malformed> {
        self.take(n).map(|_skipped| ())
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        self.take(1)?.first().copied().ok_or(SHORT)
    }

    fn short(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from(self.byte()?) << 8 | u16::from(self.byte()?))
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let length = self.short()?;
        let bytes = self.take(length.into())?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    /// A length of up to four bytes, seven bits each.
    fn length(&mut self) -> Result<usize, Malformed> {
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(length);
            }
        }
        Err("a length of more than four bytes")
    }

    /// Gives the properties of two bytes to `take`; steps over the others.
    fn properties(&mut self, mut take: impl FnMut(u8, u16)) -> Result<(), Malformed> {
        let length = self.length()?;
        let end = self
            .at
            .checked_add(length)
            .filter(|end| *end <= self.bytes.len());
        let end = end.ok_or(SHORT)?;
        while self.at < end {
            match self.byte()? {
                name @ (0x13 | 0x21 | 0x22) => {
                    let value = self.short()?;
                    take(name, value);
                }
                0x11 | 0x27 => self.skip(4)?,
                0x24 | 0x25 | 0x28 | 0x29 | 0x2a => self.skip(1)?,
                0x12 | 0x15 | 0x16 | 0x1a | 0x1c | 0x1f => {
                    let length = self.short()?;
                    self.skip(length.into())?;
                }
                0x26 => {
                    for _ in 0..2 {
                        let length = self.short()?;
                        self.skip(length.into())?;
                    }
                }
                // What follows cannot be told apart from it.
                _ => self.at = end,
            }
        }
        Ok(())
    }
}

/// What a connection begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connect<'c> {
    pub(super) version: MqttVersion,
    pub(super) client_id: &'c str,
    pub(super) keep_session: bool,
    pub(super) keep_alive: u16,
    pub(super) credentials: Option<(&'c str, &'c str)>,
    /// Seconds (version 5).
    pub(super) session_expiry: u32,
    /// Messages on their way (version 5).
    pub(super) receive_maximum: u16,
    /// Bytes (version 5).
    pub(super) packet_max: u32,
}

impl Connect<'_> {
    /// The packet.
    pub(super) fn packet(&self) -> Vec<u8> {
        let mut body = Vec::new();
        text(&mut body, "MQTT");
        let v5 = self.version == MqttVersion::V5;
        body.push(if v5 { 5 } else { 4 });
        let flags = if self.keep_session { 0 } else { 0x02 };
        body.push(flags | if self.credentials.is_some() { 0xc0 } else { 0 });
        body.extend(self.keep_alive.to_be_bytes());
        if v5 {
            let mut properties = Vec::new();
            if self.keep_session {
                properties.push(0x11);
                properties.extend(self.session_expiry.to_be_bytes());
            }
            properties.push(0x21);
            properties.extend(self.receive_maximum.to_be_bytes());
            properties.push(0x27);
            properties.extend(self.packet_max.to_be_bytes());
            length(&mut body, properties.len());
            body.extend(properties);
        }
        text(&mut body, self.client_id);
        if let Some((user, password)) = self.credentials {
            text(&mut body, user);
            text(&mut body, password);
        }
        packet(0x10, &body)
    }
}

/// A subscription to filters at `QoS` 1. In version 5 own messages are not sent back, and retained ones only when the filter is new.
pub(super) fn subscribe(version: MqttVersion, filters: &[String]) -> Vec<u8> {
    const QOS_1: u8 = 1;
    const NO_LOCAL: u8 = 0x04;
    const RETAIN_AS_PUBLISHED: u8 = 0x08;
    const RETAINED_IF_NEW: u8 = 0x10;
    let mut body = vec![0, 1];
    if version == MqttVersion::V5 {
        body.push(0);
    }
    for filter in filters {
        text(&mut body, filter);
        body.push(match version {
            MqttVersion::V311 => QOS_1,
            // A shared subscription must not ask to leave out own messages.
            MqttVersion::V5 if filter.starts_with("$share/") => {
                QOS_1 | RETAIN_AS_PUBLISHED | RETAINED_IF_NEW
            }
            MqttVersion::V5 => QOS_1 | NO_LOCAL | RETAIN_AS_PUBLISHED | RETAINED_IF_NEW,
        });
    }
    packet(0x82, &body)
}

/// The end of subscriptions to filters.
pub(super) fn unsubscribe(version: MqttVersion, filters: &[String]) -> Vec<u8> {
    let mut body = vec![0, 2];
    if version == MqttVersion::V5 {
        body.push(0);
    }
    for filter in filters {
        text(&mut body, filter);
    }
    packet(0xa2, &body)
}

/// A message at `QoS` 1.
pub(super) fn publish(version: MqttVersion, topic: &str, pkid: u16, payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(topic.len() + payload.len() + 5);
    text(&mut body, topic);
    body.extend(pkid.to_be_bytes());
    if version == MqttVersion::V5 {
        body.push(0);
    }
    body.extend(payload);
    packet(0x32, &body)
}

/// Appends the acknowledgement of a message.
pub(super) fn acknowledge(out: &mut Vec<u8>, pkid: u16) {
    out.extend([0x40, 2]);
    out.extend(pkid.to_be_bytes());
}

/// Asks whether the broker is there.
pub(super) const PING: [u8; 2] = [0xc0, 0];
/// Ends the connection.
pub(super) const DISCONNECT: [u8; 2] = [0xe0, 0];

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(body.len() + 5);
    packet.push(first);
    length(&mut packet, body.len());
    packet.extend(body);
    packet
}

fn text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let bytes = bytes.get(..TEXT_BYTES_MAX).unwrap_or(bytes);
    out.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(bytes);
}

fn length(out: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = u8::try_from(length & 0x7f).unwrap_or_default();
        length >>= 7;
        if length == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn packets_are_those_of_the_standard() {
        let connect = Connect {
            version: MqttVersion::V311,
            client_id: "c",
            keep_session: true,
            keep_alive: 30,
            credentials: None,
            session_expiry: 0,
            receive_maximum: 0,
            packet_max: 0,
        };
        let expected = [
            0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 0, 0, 30, 0, 1, b'c',
        ];
        assert_eq!(connect.packet(), expected);
        assert_eq!(
            subscribe(MqttVersion::V311, &["a/+".to_owned()]),
            [0x82, 8, 0, 1, 0, 3, b'a', b'/', b'+', 1]
        );
        assert_eq!(
            publish(MqttVersion::V5, "a", 7, b"x"),
            [0x32, 7, 0, 1, b'a', 0, 7, 0, b'x']
        );
        let mut long = Vec::new();
        length(&mut long, 16_384);
        assert_eq!(long, [0x80, 0x80, 1]);
    }

    #[test]
    fn a_message_is_read_with_topic_id_and_payload() {
        let message = publish(MqttVersion::V5, "a/b", 513, b"payload");
        let Ok(Packet::Publish(read)) = parse(MqttVersion::V5, message[0] | 1, &message[2..])
        else {
            panic!();
        };
        assert_eq!(
            (read.topic.as_str(), read.pkid, read.retained),
            ("a/b", Some(513), true)
        );
        assert_eq!(&message[2 + read.payload_at..], b"payload");
    }

    #[test]
    fn the_answer_to_a_connection_tells_the_brokers_limits() {
        let body = [1, 0, 8, 0x21, 0, 10, 0x13, 0, 60, 0x2a, 1];
        assert_eq!(
            parse(MqttVersion::V5, 0x20, &body),
            Ok(Packet::Connected {
                resumed: true,
                keep_alive: Some(60),
                room: 10
            })
        );
        assert_eq!(
            parse(MqttVersion::V311, 0x20, &[0, 5]),
            Ok(Packet::Refused(5))
        );
        assert_eq!(
            parse(MqttVersion::V311, 0x90, &[0, 1, 1, 0x80]),
            Ok(Packet::Subscribed { refused: vec![1] })
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_packet_or_an_error(first: u8, body: Vec<u8>) {
            for version in [MqttVersion::V311, MqttVersion::V5] {
                if let Ok(Packet::Publish(publish)) = parse(version, first, &body) {
                    prop_assert!(publish.payload_at <= body.len());
                }
            }
        }
    }
}
