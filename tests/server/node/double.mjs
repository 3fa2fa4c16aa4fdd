// What the samples share: the SDK's client, and the control API of the double behind the server.
import Twilio from "twilio";
import { CustomRequestClient } from "./twilio-proxy.mjs";

const url = process.env.WHOOSH_URL;
const accountSid = process.env.WHOOSH_ACCOUNT_SID;
const apiKey = process.env.WHOOSH_API_KEY;
const apiSecret = process.env.WHOOSH_API_SECRET;

export const twilio = new Twilio(apiKey, apiSecret, { accountSid, httpClient: new CustomRequestClient(url) });

export async function control(operation, given) {
  const how = given && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given) };
  const response = await fetch(`${url}/_whoosh/${operation}`, how);
  const document = await response.json();
  if (!response.ok) {
    throw new Error(document.error);
  }
  return document;
}

export function report(seen) {
  process.stdout.write(JSON.stringify(seen));
}
