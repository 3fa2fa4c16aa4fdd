// Meets a refusal, as the SDK shows it.
import { report, twilio } from "./double.mjs";

try {
  await twilio.messages.create({ from: "+15557122661", body: "Hi there", to: "555" });
} catch ({ status, code, message, moreInfo }) {
  report({ status, code, message, moreInfo });
}
