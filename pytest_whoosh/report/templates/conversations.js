"use strict";
/* One double as its phones show it: conversations of bubbles, and what the API refused. */

const Conversations = (() => {
  const { make, icon, foreign, count } = Dom;
  /* The page shows more on request, which keeps a page of any size fast. */
  const PHONES_AT_ONCE = 24;
  const MESSAGES_AT_ONCE = 100;
  const CALLS_AT_ONCE = 200;
  const JOURNEYS_AT_ONCE = 20;

  const personOf = (message) => (message.in ? message.from : message.to) || "nobody";
  const senderOf = (message) => (message.in ? message.to : message.from) || "";

  /* The people's phones, in the order in which they came into play; each with its messages in order. */
  function phonesOf(snapshot) {
    const phones = new Map();
    (snapshot.messages || []).forEach((message) => {
      const person = personOf(message);
      if (!phones.has(person)) phones.set(person, { person, senders: [], messages: [] });
      const phone = phones.get(person);
      const sender = senderOf(message);
      if (sender && !phone.senders.includes(sender)) phone.senders.push(sender);
      phone.messages.push({ message, at: Messages.momentOf(message) });
    });
    for (const phone of phones.values()) phone.messages.sort((one, other) => new Date(one.at) - new Date(other.at));
    return [...phones.values()];
  }

  /* Messages with a line before each new day, and the sender's address where it changes. */
  function thread(snapshot, phone, entries, before, options) {
    const nodes = [];
    let day = before ? Moments.date(before.at) : null;
    let sender = before ? senderOf(before.message) : null;
    for (const entry of entries) {
      if (entry.at && Moments.date(entry.at) !== day) {
        day = Moments.date(entry.at);
        nodes.push(make("h4", { class: "day" }, Moments.day(entry.at)));
      }
      if (phone.senders.length > 1 && senderOf(entry.message) !== sender) {
        sender = senderOf(entry.message);
        nodes.push(make("p", { class: "sender" }, "with ", foreign(sender || "no sender yet")));
      }
      nodes.push(Messages.render(snapshot, entry, options));
    }
    return nodes;
  }

  /* Shows a list part by part: a button at its end shows the next. The container's unfoldAll() shows them all. */
  function inParts(container, entries, most, draw, what) {
    let shown = 0;
    const more = make("button", { type: "button", class: "more" });
    const next = (number) => {
      more.remove();
      const part = entries.slice(shown, shown + number);
      container.append(...draw(part, entries[shown - 1]).flat());
      shown += part.length;
      if (shown < entries.length) {
        more.textContent = `Show more: ${count(entries.length - shown, what)} left`;
        container.append(more);
      }
    };
    more.addEventListener("click", () => next(most));
    container.unfoldAll = () => shown < entries.length && next(entries.length);
    container.classList.add("in-parts");
    next(most);
    return container;
  }

  function renderPhone(snapshot, phone, options = {}) {
    const senders = phone.senders.slice(0, 3).map((sender, index) => [index > 0 ? ", " : null, foreign(sender)]);
    const rest = phone.senders.length - 3;
    const thread_ = inParts(
      make("div", { class: "thread" }),
      phone.messages,
      MESSAGES_AT_ONCE,
      (part, before) => thread(snapshot, phone, part, before, options),
      "message",
    );
    return make(
      "section",
      { class: "phone", "aria-label": `Phone ${phone.person}` },
      make(
        "header",
        {},
        make("span", { class: "avatar" }, icon("person")),
        make(
          "div",
          {},
          make("h3", {}, foreign(phone.person)),
          make("p", { class: "muted" }, "with ", senders, rest > 0 ? ` and ${rest} more` : null),
        ),
        make("span", { class: "muted number" }, count(phone.messages.length, "message")),
      ),
      thread_,
    );
  }

  // Beside the phones

  const broken = (call) => call.status === undefined;
  const refused = (call) => broken(call) || call.status >= 400;

  function callLine(call) {
    return make(
      "li",
      { class: refused(call) ? "call refused" : "call" },
      make("time", { datetime: call.at }, Moments.time(call.at)),
      make(
        "div",
        {},
        make(
          "p",
          {},
          make("span", { class: "code" }, call.status === undefined ? "no answer" : String(call.status)),
          " ",
          call.code ? make("strong", {}, `${call.code} ${call.title || ""}`) : null,
        ),
        call.note ? make("p", { class: "note" }, foreign(call.note)) : null,
        make("p", { class: "url" }, `${call.method} `, foreign(call.url)),
        call.posted ? make("p", { class: "url call-posted" }, "posted ", foreign(call.posted)) : null,
        call.help ? make("p", {}, Dom.link(call.help, `About error ${call.code}`)) : null,
      ),
    );
  }

  function callList(calls) {
    const list = make("ol", { class: "calls" });
    return inParts(list, calls, CALLS_AT_ONCE, (part) => part.map(callLine), "call");
  }

  function fates(calls) {
    const number = calls.filter(broken).length;
    return ["refused", "refused or not answered", "not answered"][number === 0 ? 0 : number < calls.length ? 1 : 2];
  }

  function refusals(snapshot) {
    const calls = (snapshot.calls || []).filter(refused);
    if (calls.length === 0) return null;
    return make(
      "section",
      { class: "panel refusals", "aria-label": "Refused API calls" },
      make("h3", {}, count(calls.length, "API call"), ` ${fates(calls)}`),
      callList(calls),
    );
  }

  function answered(snapshot) {
    const calls = (snapshot.calls || []).filter((call) => !refused(call));
    if (calls.length === 0) return null;
    const summary = make("summary", {}, count(calls.length, "API call"), " answered");
    return Dom.unfolding(summary, () => callList(calls), { class: "panel folded" });
  }

  /* The webhooks that are about no message, such as clicks on links of one that is gone. */
  function otherWebhooks(snapshot) {
    const others = (snapshot.webhooks || []).filter((webhook) => webhook.message === undefined);
    if (others.length === 0) return null;
    return make(
      "section",
      { class: "panel" },
      make("h3", {}, "Other webhooks"),
      others.map((webhook) => Timelines.webhookLine(webhook, snapshot.started)),
    );
  }

  /* The journeys of the messages of one phone, in the space beside it. */
  function journeys(snapshot, phone) {
    const journey = ({ message, at }) =>
      make(
        "article",
        { class: "journey" },
        make(
          "h4",
          {},
          at ? make("time", { datetime: at }, Moments.time(at), " ") : null,
          foreign(message.body || Dom.count((message.media || []).length, "file")),
        ),
        Timelines.timeline(message, Messages.webhooksOf(snapshot, message)),
      );
    return inParts(
      make("section", { class: "panel journeys", "aria-label": "Timeline" }, make("h3", {}, "Timeline")),
      phone.messages,
      JOURNEYS_AT_ONCE,
      (part) => part.map(journey),
      "message",
    );
  }

  // The test's rules

  /* A rule in one piece: Python's calls follow one another, and a request has one body. */
  function ruleText(rule, outcome) {
    if (!outcome) return [foreign(rule)];
    if (outcome.startsWith("{")) return [foreign(`${rule.slice(0, -1)}, ${outcome.slice(1)}`)];
    return [foreign(rule), ".", make("wbr"), foreign(outcome)];
  }

  function ruleLine({ rule, outcome, matched, left }, extra = null) {
    const times = matched ? `applied ${count(matched, "time")}` : "never applied";
    const rest = left === undefined ? "" : `, ${left.toLocaleString("en-GB")} left`;
    const trouble = !outcome || !matched;
    return make(
      "li",
      { class: "rule" },
      make("code", {}, ruleText(rule, outcome)),
      make("span", { class: trouble ? "rule-count unused" : "rule-count" }, outcome ? `${times}${rest}` : "no outcome"),
      extra,
    );
  }

  function rules(snapshot) {
    const all = snapshot.rules || [];
    if (all.length === 0) return null;
    return make(
      "section",
      { class: "panel rules", "aria-label": "Rules" },
      make("h3", {}, count(all.length, "rule")),
      make("ol", {}, all.map((rule) => ruleLine(rule))),
    );
  }

  /* Renders one double into an element: what was refused, then the phones, then what is left to say. */
  function renderDouble(element, snapshot, options = {}) {
    const phones = phonesOf(snapshot);
    const columns = make("div", { class: phones.length === 1 ? "phones alone" : "phones" });
    if (phones.length > 0) {
      const draw = (part) => part.map((phone) => renderPhone(snapshot, phone, options));
      inParts(columns, phones, PHONES_AT_ONCE, draw, "phone");
    }
    if (phones.length === 1) columns.append(journeys(snapshot, phones[0]));
    const empty = phones.length === 0 ? make("p", { class: "empty" }, "No message was sent or received.") : null;
    const parts = [refusals(snapshot), empty || columns, rules(snapshot), answered(snapshot), otherWebhooks(snapshot)];
    element.append(...parts.filter(Boolean));
  }

  /* Opens all there is to open, for paper. */
  function unfoldAll(element) {
    for (const part of element.querySelectorAll(".in-parts")) part.unfoldAll();
    for (let closed; (closed = element.querySelector("details:not([open])")); ) closed.unfold();
  }

  return { phonesOf, renderPhone, renderDouble, refusals, callLine, ruleLine, unfoldAll, refused, broken };
})();

const renderDouble = Conversations.renderDouble;
