// Lists messages over the boundaries of pages.
import { report, twilio } from "./double.mjs";

for (let number = 0; number < 7; number++) {
  await twilio.messages.create({ from: "+15557122661", body: `Number ${number}`, to: "+15558675310" });
}
const all = await twilio.messages.list({ pageSize: 3 });
const five = await twilio.messages.list({ pageSize: 2, limit: 5 });
const page = await twilio.messages.page({ pageSize: 3 });
const next = await page.nextPage();

const bodies = (messages) => messages.map((message) => message.body);
report({ all: bodies(all), five: bodies(five), page: bodies(page.instances), next: bodies(next.instances) });
