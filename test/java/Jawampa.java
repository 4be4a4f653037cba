/* A WAMP client made with jawampa. It obeys orders, as test/support/peer-program.ts describes them. */

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import rx.Subscription;
import ws.wamp.jawampa.ApplicationError;
import ws.wamp.jawampa.PublishFlags;
import ws.wamp.jawampa.Reply;
import ws.wamp.jawampa.Request;
import ws.wamp.jawampa.SubscriptionFlags;
import ws.wamp.jawampa.WampClient;
import ws.wamp.jawampa.WampClientBuilder;
import ws.wamp.jawampa.WampMessages.AuthenticateMessage;
import ws.wamp.jawampa.WampMessages.ChallengeMessage;
import ws.wamp.jawampa.WampSerialization;
import ws.wamp.jawampa.auth.client.ClientSideAuthentication;
import ws.wamp.jawampa.auth.client.Ticket;
import ws.wamp.jawampa.transport.netty.NettyWampClientConnectorProvider;
import ws.wamp.jawampa.transport.netty.NettyWampConnectionConfig;

public class Jawampa {
  /** Its own limit, 65,535 octets, ends the connection at the first longer message. */
  static final int MAXIMUM_FRAME = 1 << 24;
  static final ObjectMapper json = new ObjectMapper();
  static final Map<String, WampClient> clients = new HashMap<>();
  static final Map<String, Subscription> held = new HashMap<>();

  public static void main(String[] arguments) throws Exception {
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = lines.readLine()) != null; ) {
      var order = (ObjectNode) json.readTree(line);
      ObjectNode said;
      try {
        said = obey(order);
      } catch (Throwable error) {
        said = failure(error.getCause() instanceof ApplicationError told ? told : error);
      }
      say(said.set("id", order.get("id")));
    }
    System.exit(0);
  }

  static synchronized void say(JsonNode what) {
    System.out.writeBytes((what + "\n").getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }

  static ObjectNode failure(Throwable error) {
    if (!(error instanceof ApplicationError told)) return json.createObjectNode().put("error", error.toString());
    return saidOf(told.arguments(), told.keywordArguments()).put("error", told.uri());
  }

  static ObjectNode obey(ObjectNode order) throws Exception {
    String name = text(order, "client"), uri = text(order, "uri");
    var client = clients.get(name);
    switch (text(order, "do")) {
      case "join" -> {
        return join(order, name);
      }
      case "subscribe" -> {
        var match = SubscriptionFlags.valueOf(switch (text(order, "match")) {
          case "prefix" -> "Prefix";
          case "wildcard" -> "Wildcard";
          default -> "Exact";
        });
        var failed = new Throwable[1];
        held.put(name + uri, client.makeSubscription(uri, match).subscribe(
            event -> say(saidOf(event.arguments(), event.keywordArguments())
                .put("client", name).put("topic", uri).set("details", event.details())),
            error -> failed[0] = error));
        return settled(client, failed);
      }
      case "register" -> {
        var failed = new Throwable[1];
        var as = text(order, "as");
        held.put(name + uri, client.registerProcedure(uri).subscribe(
            call -> answer(call, as), error -> failed[0] = error));
        return settled(client, failed);
      }
      case "unsubscribe", "unregister" -> {
        held.remove(name + uri).unsubscribe();
        return settled(client, new Throwable[1]);
      }
      case "publish" -> {
        publish(client, uri, (ArrayNode) order.get("args"), (ObjectNode) order.get("kwargs"));
        return json.createObjectNode();
      }
      case "call" -> {
        Reply reply = client.call(uri, (ArrayNode) order.get("args"), (ObjectNode) order.get("kwargs"))
            .toBlocking().single();
        return saidOf(reply.arguments(), reply.keywordArguments());
      }
      case "leave" -> {
        client.close().toBlocking().lastOrDefault(null);
        return json.createObjectNode();
      }
      default -> throw new IllegalArgumentException("no such order: " + order);
    }
  }

  static String text(JsonNode node, String name) {
    return node.path(name).asText("");
  }

  static ObjectNode saidOf(ArrayNode args, ObjectNode kwargs) {
    var said = json.createObjectNode();
    said.set("args", args);
    said.set("kwargs", kwargs);
    return said;
  }

  static void publish(WampClient client, String uri, ArrayNode args, ObjectNode kwargs) {
    client.publish(uri, EnumSet.of(PublishFlags.RequireAcknowledge), args, kwargs).toBlocking().single();
  }

  /**
   * jawampa does not tell when it has subscribed or registered: the router answers a later request only then, and jawampa
   * hands on what it told of the earlier one before it sends another.
   */
  static ObjectNode settled(WampClient client, Throwable[] failed) throws Exception {
    for (int times = 0; times < 2; times++) publish(client, "com.example.settled", null, null);
    if (failed[0] != null) throw new Exception(failed[0]);
    return json.createObjectNode();
  }

  static void answer(Request call, String as) {
    try {
      if (as.equals("fail")) {
        call.replyError("com.example.error.failed", call.arguments(), call.keywordArguments());
      } else {
        call.reply(call.arguments(), call.keywordArguments());
      }
    } catch (ApplicationError error) {
      throw new IllegalStateException(error);
    }
  }

  static ObjectNode join(ObjectNode order, String name) throws Exception {
    var auth = order.path("auth");
    var builder = new WampClientBuilder()
        .withConnectorProvider(new NettyWampClientConnectorProvider())
        .withConnectionConfiguration(
            new NettyWampConnectionConfig.Builder().withMaxFramePayloadLength(MAXIMUM_FRAME).build())
        .withUri(text(order, "url"))
        .withRealm("realm1")
        .withSerializations(new WampSerialization[] {
          text(order, "serializer").equals("json") ? WampSerialization.Json : WampSerialization.MessagePack
        });
    if (auth.has("authid")) builder.withAuthId(text(auth, "authid"));
    switch (text(auth, "method")) {
      case "ticket" -> builder.withAuthMethod(new Ticket(text(auth, "secret")));
      case "wampcra" -> builder.withAuthMethod(new ChallengeResponse(text(auth, "secret")));
      default -> {}
    }
    if (order.has("reconnects")) {
      builder.withInfiniteReconnects().withReconnectInterval(200, TimeUnit.MILLISECONDS);
    }
    var client = builder.build();
    if (order.has("reconnects")) {
      client.statusChanged().ofType(WampClient.ConnectedState.class).subscribe(
          state -> say(json.createObjectNode().put("client", name).put("topic", "joined")));
    }
    var states = client.statusChanged().skipWhile(
        state -> !(state instanceof WampClient.ConnectedState)
            && !(state instanceof WampClient.DisconnectedState gone && gone.disconnectReason() != null));
    client.open();
    var state = states.toBlocking().first();
    if (state instanceof WampClient.DisconnectedState gone) throw new Exception(gone.disconnectReason());
    clients.put(name, client);
    return ((WampClient.ConnectedState) state).welcomeDetails().deepCopy().retain("authid", "authrole", "authmethod");
  }

  /** WAMP-CRA, which jawampa leaves to its users. */
  record ChallengeResponse(String secret) implements ClientSideAuthentication {
    public String getAuthMethod() {
      return "wampcra";
    }

    public AuthenticateMessage handleChallenge(ChallengeMessage message, ObjectMapper mapper) {
      try {
        var extra = message.extra;
        var key = secret.getBytes(StandardCharsets.UTF_8);
        if (extra.has("salt")) {
          var spec = new PBEKeySpec(secret.toCharArray(), text(extra, "salt").getBytes(StandardCharsets.UTF_8),
              extra.path("iterations").asInt(), 8 * extra.path("keylen").asInt());
          var derived = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
          key = Base64.getEncoder().encode(derived);
        }
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        var signature = mac.doFinal(text(extra, "challenge").getBytes(StandardCharsets.UTF_8));
        return new AuthenticateMessage(Base64.getEncoder().encodeToString(signature), mapper.createObjectNode());
      } catch (java.security.GeneralSecurityException error) {
        throw new IllegalStateException(error);
      }
    }
  }
}
