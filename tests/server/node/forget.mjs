// Redacts one message and deletes another.
import { control, report, twilio } from "./double.mjs";

const message = { from: "+15557122661", body: "Your code is 409612", to: "+15558675310" };
const redacted = await twilio.messages.create(message);
const deleted = await twilio.messages.create(message);
const { code } = await control("last_code?to=%2B15558675310");
await control("settle", {});

const { body } = await twilio.messages(redacted.sid).update({ body: "" });
const removed = await twilio.messages(deleted.sid).remove();
const left = await twilio.messages.list();
const { messages } = await control("outbox");

report({ code, body, removed, left: left.length, outbox: messages.map(({ redacted, deleted }) => ({ redacted, deleted })) });
