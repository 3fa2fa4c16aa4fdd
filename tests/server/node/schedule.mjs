// Schedules messages through a Messaging Service, lets the days pass, and cancels one.
import { control, report, twilio } from "./double.mjs";

const service = await twilio.messaging.v1.services.create({ friendlyName: "Reminders" });
await control("add_number", { number: "+15557122661" });
const [number] = await twilio.incomingPhoneNumbers.list();
await twilio.messaging.v1.services(service.sid).phoneNumbers.create({ phoneNumberSid: number.sid });
const senders = await twilio.messaging.v1.services(service.sid).phoneNumbers.list();

const { now } = await control("");
const sendAt = new Date(Date.parse(now) + 6 * 24 * 3600 * 1000);
const reminder = { messagingServiceSid: service.sid, to: "+15558675310", scheduleType: "fixed", sendAt };
const kept = await twilio.messages.create({ ...reminder, body: "See you tomorrow." });
const dropped = await twilio.messages.create({ ...reminder, body: "Never mind." });

const statuses = async () => Promise.all([kept, dropped].map(async ({ sid }) => (await twilio.messages(sid).fetch()).status));
const history = [await statuses()];
await control("travel", { days: 5 });
await twilio.messages(dropped.sid).update({ status: "canceled" });
history.push(await statuses());
await control("travel", { days: 1, minutes: 1 });
history.push(await statuses());

report({ senders: senders.map(({ phoneNumber }) => phoneNumber), history });
