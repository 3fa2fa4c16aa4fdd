// Sends a message, as the vendor's page on creating messages does.
import { report, twilio } from "./double.mjs";

const message = await twilio.messages.create({ from: "+15557122661", body: "Hi there", to: "+15558675310" });
const fetched = await twilio.messages(message.sid).fetch();

report({ created: message, fetched });
