// An app: hears how its messages fare, checks who says so, and answers people who write to it.
import { once } from "node:events";
import { createServer } from "node:http";
import Twilio from "twilio";
import { control, report, twilio } from "./double.mjs";

const authToken = process.env.TWILIO_AUTH_TOKEN;
const heard = [];

const app = createServer(async (request, response) => {
  const body = (await request.toArray()).join("");
  const params = Object.fromEntries(new URLSearchParams(body));
  const protocol = request.headers["x-forwarded-proto"] ?? "http";
  const url = `${protocol}://${request.headers.host}${request.url}`;
  const valid = Twilio.validateRequest(authToken, request.headers["x-twilio-signature"], url, params);
  heard.push([new URL(url).pathname, params.SmsStatus, valid]);
  if (!valid) {
    response.writeHead(403).end();
  } else if (request.url.startsWith("/status")) {
    response.writeHead(204).end();
  } else {
    const twiml = new Twilio.twiml.MessagingResponse();
    twiml.message(`${params.Body}? Yes!`);
    response.writeHead(200, { "Content-Type": "text/xml" }).end(twiml.toString());
  }
});
await once(app.listen(0, "127.0.0.1"), "listening");
const here = `http://127.0.0.1:${app.address().port}`;

// To this machine webhooks go unasked; for a public address, this app has to stand.
const message = { from: "+15557122661", body: "Hi there", to: "+15558675310" };
await twilio.messages.create({ ...message, statusCallback: `${here}/status` });
await control("settle", {});
await control("mount", { base_url: "https://app.example", server: here });
await control("when", { match: { "body~": "there" }, undeliver: { code: 30003 }, times: 1 });
await twilio.messages.create({ ...message, statusCallback: "https://app.example/status?id=7" });
await control("settle", {});

await control("add_number", { number: "+15557122661", sms_url: "https://app.example/sms" });
const reply = await control("receive", { from: "+15558675310", to: "+15557122661", body: "Tomorrow" });

app.close();
report({ heard, replies: reply.replies.map(({ body }) => body), error: reply.webhook.error });
