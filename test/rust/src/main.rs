//! A WAMP client made with wampproto, which has messages, serializers, joins and RawSocket's framing, and with tungstenite
//! for WebSocket. It obeys orders, as test/support/peer-program.ts describes them.

use std::collections::HashMap;
use std::io::{Read, Write, stdin};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value as Json, json};
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{ClientRequestBuilder, Message as Frame};
use wampproto::authenticators::anonymous::AnonymousAuthenticator;
use wampproto::authenticators::authenticator::ClientAuthenticator;
use wampproto::authenticators::cryptosign::CryptoSignAuthenticator;
use wampproto::authenticators::ticket::TicketAuthenticator;
use wampproto::authenticators::wampcra::WAMPCRAAuthenticator;
use wampproto::joiner::Joiner;
use wampproto::messages::types::Value;
use wampproto::serializers::cbor::CBORSerializer;
use wampproto::serializers::helpers::to_message;
use wampproto::serializers::json::JSONSerializer;
use wampproto::serializers::msgpack::MsgPackSerializer;
use wampproto::serializers::serializer::Serializer;
use wampproto::transports::rawsocket::{self, Handshake, MessageHeader, SerializerID};

type Failure = Box<dyn std::error::Error>;
type Dict = HashMap<String, Value>;

const ERROR: i64 = 8;
const RESULT: i64 = 50;
const REGISTERED: i64 = 65;
const INVOCATION: i64 = 68;
const INTERRUPT: i64 = 69;
const EVENT: i64 = 36;

/// One direction of a connection; both ends of a socket are the same.
enum Half {
    Raw(TcpStream),
    Web(WebSocket<TcpStream>, bool),
}

impl Half {
    fn send(&mut self, payload: Vec<u8>) -> Result<(), Failure> {
        match self {
            Half::Raw(socket) => {
                let header = MessageHeader::new(rawsocket::Message::Wamp, payload.len());
                let head = rawsocket::try_send_message_header(&header)?;
                socket.write_all(&[head, payload].concat())?;
            }
            Half::Web(socket, true) => socket.send(Frame::text(String::from_utf8(payload)?))?,
            Half::Web(socket, false) => socket.send(Frame::binary(payload))?,
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, Failure> {
        match self {
            Half::Raw(socket) => {
                let mut head = [0; 4];
                socket.read_exact(&mut head)?;
                let mut payload = vec![0; rawsocket::receive_message_header(&head)?.length()];
                socket.read_exact(&mut payload)?;
                Ok(payload)
            }
            Half::Web(socket, _) => loop {
                match socket.read()? {
                    Frame::Text(text) => return Ok(text.as_bytes().to_vec()),
                    Frame::Binary(octets) => return Ok(octets.to_vec()),
                    Frame::Close(_) => return Err("closed".into()),
                    _ => {}
                }
            },
        }
    }
}

/// What both threads of a client use.
struct Shared {
    name: String,
    serializer: Box<dyn Serializer>,
    writer: Mutex<Half>,
    topics: Mutex<HashMap<i64, String>>,
    procedures: Mutex<HashMap<i64, String>>,
    /// What is being registered: its first call may follow at once.
    registering: Mutex<String>,
}

impl Shared {
    fn send(&self, wire: Vec<Value>) -> Result<(), Failure> {
        let octets = self.serializer.serialize(to_message(wire)?.as_ref())?;
        self.writer.lock().unwrap().send(octets)
    }

    /// Reads to the end; answers to requests go to the thread that waits for them.
    fn read(&self, mut reader: Half, answers: Sender<Vec<Value>>) -> Result<(), Failure> {
        loop {
            let mut wire = self.serializer.deserialize(reader.receive()?)?.marshal();
            let Some(&Value::Int(kind)) = wire.first() else {
                return Err("no message".into());
            };
            match kind {
                EVENT => {
                    let (args, kwargs) = payload(&wire, 4);
                    let topic = self.topics.lock().unwrap().get(&number(&wire[1])).cloned();
                    let said = json!({"client": self.name, "topic": topic, "details": wire[3]});
                    say(said, &[("args", args), ("kwargs", kwargs)]);
                }
                INVOCATION => {
                    let procedure = self
                        .procedures
                        .lock()
                        .unwrap()
                        .get(&number(&wire[2]))
                        .cloned();
                    self.answer(&procedure.unwrap_or_default(), wire.split_off(1))?;
                }
                INTERRUPT => {
                    self.send(vec![
                        Value::Int(ERROR),
                        Value::Int(INVOCATION),
                        wire[1].clone(),
                        dict(&[]),
                        "wamp.error.canceled".into(),
                    ])?;
                }
                _ => {
                    if kind == REGISTERED {
                        let procedure = self.registering.lock().unwrap().clone();
                        self.procedures
                            .lock()
                            .unwrap()
                            .insert(number(&wire[2]), procedure);
                    }
                    answers.send(wire)?;
                }
            }
        }
    }

    /// Answers an INVOCATION: its request, registration, details and payload.
    fn answer(&self, procedure: &str, mut invocation: Vec<Value>) -> Result<(), Failure> {
        let request = invocation[0].clone();
        let payload = invocation.split_off(3.min(invocation.len()));
        let yields = |options: Value, payload: Vec<Value>| {
            self.send([vec![Value::Int(70), request.clone(), options], payload].concat())
        };
        match procedure {
            "echo" => yields(dict(&[]), payload),
            "fail" => {
                let head = vec![
                    Value::Int(ERROR),
                    Value::Int(INVOCATION),
                    request,
                    dict(&[]),
                    "com.example.error.failed".into(),
                ];
                self.send([head, payload].concat())
            }
            "count" => {
                for part in [1, 2] {
                    yields(
                        dict(&[("progress", true.into())]),
                        vec![Value::list([part.into()])],
                    )?;
                }
                yields(dict(&[]), vec![Value::list([Value::Int(3)])])
            }
            _ => Ok(()),
        }
    }
}

/// A joined client.
struct Client {
    shared: Arc<Shared>,
    answers: Receiver<Vec<Value>>,
    requests: i64,
    /// Ids by URI.
    subscriptions: HashMap<String, Value>,
    registrations: HashMap<String, Value>,
}

impl Client {
    /// Sends a request of this type, and returns the first message behind it that is no progress.
    fn request(
        &mut self,
        kind: i64,
        rest: Vec<Value>,
        progress: &mut Vec<Value>,
    ) -> Result<Vec<Value>, Failure> {
        self.requests += 1;
        self.shared
            .send([vec![Value::Int(kind), Value::Int(self.requests)], rest].concat())?;
        self.answer(progress)
    }

    fn answer(&mut self, progress: &mut Vec<Value>) -> Result<Vec<Value>, Failure> {
        loop {
            let wire = self.answers.recv()?;
            let is_progress = matches!(wire.get(2), Some(Value::Dict(details)) if details.contains_key("progress"));
            if wire[0] != Value::Int(RESULT) || !is_progress {
                return Ok(wire);
            }
            progress.push(wire.get(3).cloned().unwrap_or(Value::Null));
        }
    }
}

fn main() {
    let mut clients = HashMap::new();
    for line in stdin().lines() {
        let order: Json = serde_json::from_str(&line.unwrap()).unwrap();
        let said = obey(&mut clients, &order)
            .unwrap_or_else(|failure| json!({"error": failure.to_string()}));
        say(said, &[("id", order["id"].clone())]);
    }
}

fn say(mut what: Json, more: &[(&str, Json)]) {
    for (name, value) in more {
        what[*name] = value.clone();
    }
    println!("{what}");
}

fn obey(clients: &mut HashMap<String, Client>, order: &Json) -> Result<Json, Failure> {
    let text = |name: &str| order[name].as_str().unwrap_or_default();
    let name = text("client");
    if text("do") == "join" {
        let (client, identity) = join(order)?;
        clients.insert(name.into(), client);
        return Ok(identity);
    }
    let client = clients.get_mut(name).ok_or("has not joined")?;
    let uri = Value::from(text("uri"));
    let args = || serde_json::from_value::<Value>(order["args"].clone());
    let kwargs = || serde_json::from_value::<Value>(order["kwargs"].clone());
    let mut progress = Vec::new();
    let wire = match text("do") {
        "subscribe" => {
            let options = match text("match") {
                "" => dict(&[]),
                kind => dict(&[("match", kind.into())]),
            };
            let wire = client.request(32, vec![options, uri], &mut progress)?;
            if wire[0] == Value::Int(33) {
                client
                    .shared
                    .topics
                    .lock()
                    .unwrap()
                    .insert(number(&wire[2]), text("uri").into());
                client
                    .subscriptions
                    .insert(text("uri").into(), wire[2].clone());
            }
            wire
        }
        "unsubscribe" => client.request(
            34,
            vec![client.subscriptions[text("uri")].clone()],
            &mut progress,
        )?,
        "publish" => {
            let options = dict(&[("acknowledge", true.into())]);
            client.request(16, vec![options, uri, args()?, kwargs()?], &mut progress)?
        }
        "register" => {
            *client.shared.registering.lock().unwrap() = text("as").into();
            let wire = client.request(64, vec![dict(&[]), uri], &mut progress)?;
            if wire[0] == Value::Int(REGISTERED) {
                client
                    .registrations
                    .insert(text("uri").into(), wire[2].clone());
            }
            wire
        }
        "unregister" => client.request(
            66,
            vec![client.registrations[text("uri")].clone()],
            &mut progress,
        )?,
        "call" => {
            let options = if order["progress"] == true {
                dict(&[("receive_progress", true.into())])
            } else {
                dict(&[])
            };
            if let Some(mode) = order["cancel"].as_str() {
                client.requests += 1;
                let request = Value::Int(client.requests);
                client
                    .shared
                    .send(vec![Value::Int(48), request.clone(), options, uri])?;
                client.shared.send(vec![
                    Value::Int(49),
                    request,
                    dict(&[("mode", mode.into())]),
                ])?;
                client.answer(&mut progress)?
            } else {
                client.request(48, vec![options, uri, args()?, kwargs()?], &mut progress)?
            }
        }
        "leave" => {
            client.shared.send(vec![
                Value::Int(6),
                dict(&[]),
                "wamp.close.close_realm".into(),
            ])?;
            client.answers.recv()?
        }
        other => return Err(format!("no such order: {other}").into()),
    };
    Ok(match &wire[0] {
        Value::Int(ERROR) => {
            let (args, kwargs) = payload(&wire, 5);
            json!({"error": wire[4], "args": args, "kwargs": kwargs})
        }
        Value::Int(RESULT) => {
            let (args, kwargs) = payload(&wire, 3);
            json!({"args": args, "kwargs": kwargs, "progress": progress})
        }
        _ => json!({}),
    })
}

fn join(order: &Json) -> Result<(Client, Json), Failure> {
    let text = |place: &Json| place.as_str().unwrap_or_default().to_string();
    let (url, kind) = (text(&order["url"]), text(&order["serializer"]));
    let (serializer, id): (Box<dyn Serializer>, _) = match kind.as_str() {
        "json" => (Box::new(JSONSerializer {}), SerializerID::JSON),
        "msgpack" => (Box::new(MsgPackSerializer {}), SerializerID::MSGPACK),
        _ => (Box::new(CBORSerializer {}), SerializerID::CBOR),
    };
    let (authid, secret) = (
        text(&order["auth"]["authid"]),
        text(&order["auth"]["secret"]),
    );
    let authenticator: Box<dyn ClientAuthenticator> = match order["auth"]["method"].as_str() {
        Some("ticket") => Box::new(TicketAuthenticator::new(&authid, &secret, Dict::new())),
        Some("wampcra") => Box::new(WAMPCRAAuthenticator::new(&authid, &secret, Dict::new())),
        Some("cryptosign") => Box::new(CryptoSignAuthenticator::try_new(
            &authid,
            &secret,
            Dict::new(),
        )?),
        _ => Box::new(AnonymousAuthenticator::new("", Dict::new())),
    };

    let (scheme, rest) = url.split_once("://").ok_or("no URL")?;
    let mut socket = TcpStream::connect(rest.split('/').next().unwrap_or_default())?;
    let (mut writer, mut reader) = if scheme == "rs" {
        socket.write_all(&rawsocket::send_handshake(&Handshake::new(
            id,
            rawsocket::PROTOCOL_MAX_MSG_SIZE,
        ))?)?;
        let mut answer = [0; 4];
        socket.read_exact(&mut answer)?;
        rawsocket::receive_handshake(&answer)?;
        (Half::Raw(socket.try_clone()?), Half::Raw(socket))
    } else {
        let request =
            ClientRequestBuilder::new(url.parse()?).with_sub_protocol(format!("wamp.2.{kind}"));
        let (_, _) = tungstenite::client(request, socket.try_clone()?)
            .map_err(|failure| failure.to_string())?;
        let half = |socket| {
            Half::Web(
                WebSocket::from_raw_socket(socket, Role::Client, None),
                kind == "json",
            )
        };
        (half(socket.try_clone()?), half(socket))
    };

    let mut joiner = Joiner::new("realm1", serializer.clone(), authenticator);
    writer.send(joiner.send_hello()?)?;
    while let Some(answer) = joiner.receive(reader.receive()?)? {
        writer.send(answer)?;
    }
    let details = joiner.session_details()?.ok_or("no details")?;
    let identity = json!({"authid": details.authid, "authrole": details.auth_role, "authmethod": details.auth_method});
    let shared = Arc::new(Shared {
        name: text(&order["client"]),
        serializer,
        writer: Mutex::new(writer),
        topics: Mutex::default(),
        procedures: Mutex::default(),
        registering: Mutex::default(),
    });
    let (sender, answers) = channel();
    let reading = shared.clone();
    thread::spawn(move || {
        reading
            .read(reader, sender)
            .map_err(|failure| failure.to_string())
    });
    let (subscriptions, registrations) = (HashMap::new(), HashMap::new());
    Ok((
        Client {
            shared,
            answers,
            requests: 0,
            subscriptions,
            registrations,
        },
        identity,
    ))
}

fn dict(entries: &[(&str, Value)]) -> Value {
    Value::Dict(
        entries
            .iter()
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect(),
    )
}

fn number(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        _ => 0,
    }
}

/// The arguments of a message, the first of which has this index.
fn payload(wire: &[Value], at: usize) -> (Json, Json) {
    (json!(wire.get(at)), json!(wire.get(at + 1)))
}
