"use strict";
/* The inbox: one list of all messages and refused calls, and each person's phone. Redrawn as messages come, without
   touching what is being read or typed. */

const Inbox = (() => {
  const { make, foreign, count } = Dom;
  /* How many messages of a phone are shown, until earlier ones are asked for. */
  const PER_PHONE = 50;
  /* How many messages and refused calls the list of all shows, until more are asked for. */
  const ENTRIES_AT_ONCE = 100;
  const PEOPLE = 200;

  const by = (id) => document.getElementById(id);
  const state = { snapshot: {}, status: null, person: null, entries: ENTRIES_AT_ONCE, onlyRefused: false, wanted: null };
  const perPhone = new Map();
  const drawn = new Map();

  const newest = (phone) => phone.messages[phone.messages.length - 1];

  function preview({ message }) {
    const text = message.body || (message.media ? count(message.media.length, "file") : "");
    return `${message.in ? "" : "App: "}${text.slice(0, 120)}`;
  }

  const lost = ({ status }) => status === "failed" || status === "undelivered";

  /* True if a phone number or a text is what is searched for; a number may be written in any way. */
  function finds(query, numbers, texts) {
    const digits = query.replace(/[^\d]/g, "");
    if (/^[+\d\s().-]+$/.test(query) && digits && numbers.some((number) => number.includes(digits))) return true;
    return [...numbers, ...texts].some((text) => text.toLowerCase().includes(query));
  }

  const fits = (phone, query) =>
    finds(query, [phone.person, ...phone.senders], phone.messages.map(({ message }) => message.body || ""));

  /* The phones that fit the search, the one with the newest message first. */
  function phones() {
    const query = by("search").value.trim().toLowerCase();
    const order = new Map((state.snapshot.messages || []).map((message, index) => [message, index]));
    const last = (phone) => Math.max(...phone.messages.map(({ message }) => order.get(message)));
    return Conversations.phonesOf(state.snapshot)
      .filter((phone) => !query || fits(phone, query))
      .map((phone) => ({ ...phone, last: last(phone) }))
      .sort((one, other) => other.last - one.last);
  }

  function choosePerson(person, sid = null) {
    state.person = person;
    state.onlyRefused = false;
    state.wanted = sid;
    redraw();
    by("inbox").scrollTop = 0;
    point();
  }

  /* Shows the message of the phone that was picked in the list of all. */
  function point() {
    const found = state.wanted && by("inbox").querySelector(`[data-sid="${CSS.escape(state.wanted)}"]`);
    state.wanted = null;
    if (!found) return;
    found.classList.add("pointed-at");
    found.scrollIntoView({ block: "nearest" });
  }

  function personRow(label, person, text, number, failures = 0) {
    const button = make(
      "button",
      { type: "button", class: "person", "aria-pressed": String(state.person === person), "data-person": person || "" },
      make("span", { class: "row-text" }, make("b", {}, foreign(label)), make("small", {}, foreign(text))),
      failures > 0 ? make("span", { class: "row-lost" }, Dom.icon("alert"), `${failures.toLocaleString("en-GB")} not delivered`) : null,
      make("span", { class: "row-count" }, number.toLocaleString("en-GB")),
    );
    button.addEventListener("click", () => choosePerson(person));
    return make("li", {}, button);
  }

  function drawPeople(found) {
    const focused = document.activeElement?.dataset?.person;
    const total = found.reduce((sum, phone) => sum + phone.messages.length, 0);
    const rows = found
      .slice(0, PEOPLE)
      .map((phone) => {
        const failures = phone.messages.filter(({ message }) => lost(message)).length;
        return personRow(phone.person, phone.person, preview(newest(phone)), phone.messages.length, failures);
      });
    by("people").replaceChildren(personRow("Everybody", null, count(found.length, "phone"), total), ...rows);
    if (focused !== undefined) by("people").querySelector(`[data-person="${CSS.escape(focused)}"]`)?.focus();
  }

  function composer(phone) {
    const sender = make(
      "select",
      { "aria-label": "To", name: "to" },
      phone.senders.map((each) => make("option", { value: each }, each)),
    );
    const text = make("textarea", { name: "body", rows: "1", dir: "auto", "aria-label": `Answer as ${phone.person}`, placeholder: "Answer as this person" });
    const form = make("form", { class: "composer" }, sender, text, make("button", { class: "primary" }, "Send"), make("output", { role: "alert" }));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const said = { from: phone.person, to: sender.value, body: text.value };
      if (await Controls.order(form, "receive", said)) text.value = "";
    });
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    const { message } = newest(phone);
    sender.value = message.in ? message.to : message.from || phone.senders[0];
    sender.hidden = phone.senders.length < 2;
    return form;
  }

  /* A phone with no more than its newest messages, and a button for those before. */
  function drawPhone(phone) {
    const shown = perPhone.get(phone.person) || PER_PHONE;
    const hidden = Math.max(0, phone.messages.length - shown);
    const node = Conversations.renderPhone(state.snapshot, { ...phone, messages: phone.messages.slice(hidden) });
    node.querySelector(".number").textContent = count(phone.messages.length, "message");
    if (hidden > 0) {
      const earlier = make("button", { type: "button", class: "more" }, `Show earlier: ${count(hidden, "message")}`);
      earlier.addEventListener("click", () => {
        perPhone.set(phone.person, shown + PER_PHONE);
        redraw();
      });
      node.querySelector(".thread").prepend(earlier);
    }
    return node;
  }

  function signature(phone) {
    const webhooks = phone.messages.flatMap(({ message }) => message.webhooks || []);
    return JSON.stringify([
      perPhone.get(phone.person),
      phone.messages.map(({ message }) => ({ ...message, webhooks: undefined })),
      webhooks.map((index) => state.snapshot.webhooks[index]),
    ]);
  }

  /* Shows a phone as it is now, and leaves alone what did not change: what is being typed, what is unfolded. */
  function update(phone) {
    const known = drawn.get(phone.person);
    const now = signature(phone);
    if (known?.signature === now) return known.node;
    const fresh = drawPhone(phone);
    if (!known) {
      fresh.append(composer(phone));
      drawn.set(phone.person, { node: fresh, signature: now, senders: phone.senders.join() });
      return fresh;
    }
    const thread = known.node.querySelector(".thread");
    const atEnd = thread.scrollTop + thread.clientHeight >= thread.scrollHeight - 40;
    const { scrollTop } = thread;
    const open = new Set([...thread.querySelectorAll("details.about[open]")].map((each) => each.parentElement.dataset.sid));
    const renewed = fresh.querySelector(".thread");
    for (const message of renewed.querySelectorAll(".message")) {
      if (open.has(message.dataset.sid)) message.querySelector("details").unfold();
    }
    known.node.querySelector("header").replaceWith(fresh.querySelector("header"));
    thread.replaceWith(renewed);
    renewed.scrollTop = atEnd ? renewed.scrollHeight : scrollTop;
    if (known.senders !== phone.senders.join()) {
      known.node.querySelector("form.composer").replaceWith(composer(phone));
      known.senders = phone.senders.join();
    }
    known.signature = now;
    return known.node;
  }

  // The list of all messages and refused calls

  const momentOf = ({ message, call }) => (message ? Messages.momentOf(message) : call.at) || "";

  function messageEntry({ message }) {
    const person = (message.in ? message.from : message.to) || "nobody";
    const text = message.body || (message.media ? count(message.media.length, "file") : "no text");
    const at = Messages.momentOf(message);
    const button = make(
      "button",
      { type: "button", class: "entry", title: "Show this phone" },
      make("time", { datetime: at }, at ? Moments.time(at) : ""),
      make("span", { class: "entry-who" }, message.in ? "from " : "to ", foreign(person)),
      make("span", { class: "entry-text", dir: "auto" }, foreign(text)),
      make(
        "span",
        { class: "entry-status" },
        Messages.status(message),
        message.error ? make("span", { class: "entry-code" }, String(message.error.code)) : null,
      ),
    );
    button.addEventListener("click", () => choosePerson(person, message.sid));
    return make("li", {}, button);
  }

  const callEntry = ({ call }) => Conversations.callLine(call);

  /* Messages and refused calls, the newest first. The clock often stands still, so that the order of the API calls
     decides between entries of one moment: a message belongs to the call that created it. */
  function entriesThatFit() {
    const query = by("search").value.trim().toLowerCase();
    const calls = state.snapshot.calls || [];
    const created = new Map(calls.map(({ sid }, turn) => [sid, turn]).filter(([sid]) => sid).reverse());
    let turn = -1;
    const messages = (state.snapshot.messages || []).map((message) => {
      turn = Math.max(turn, created.get(message.sid) ?? -1);
      return { message, turn };
    });
    const refused = calls.map((call, own) => ({ call, turn: own })).filter(({ call }) => Conversations.refused(call));
    const entries = [...(state.onlyRefused ? [] : messages), ...refused].filter(({ message, call }) => {
      if (!query) return true;
      if (message) return finds(query, [message.from || "", message.to || ""], [message.body || ""]);
      return finds(query, [], [String(call.code || ""), call.title || "", call.posted || "", call.note || ""]);
    });
    return entries
      .map((entry, order) => ({ ...entry, order, at: new Date(momentOf(entry)).getTime() }))
      .sort((one, other) => other.at - one.at || other.turn - one.turn || other.order - one.order);
  }

  function drawAll() {
    const entries = entriesThatFit();
    const inbox = by("inbox");
    if (entries.length === 0) {
      inbox.replaceChildren(state.snapshot.total || state.snapshot.refused ? make("p", { class: "empty" }, "Nothing matches.") : invitation());
      return;
    }
    const now = JSON.stringify([state.entries, entries]);
    if (inbox.firstElementChild?.signature === now) return;
    const focused = inbox.contains(document.activeElement) ? [...inbox.querySelectorAll("button")].indexOf(document.activeElement) : -1;
    const rows = entries.slice(0, state.entries).map((entry) => (entry.message ? messageEntry(entry) : callEntry(entry)));
    const list = make("ol", { class: "entries", "aria-label": "Messages and refused calls" }, rows);
    list.signature = now;
    inbox.replaceChildren(list);
    if (entries.length > state.entries) {
      const more = make("button", { type: "button", class: "more" }, `Show more: ${(entries.length - state.entries).toLocaleString("en-GB")} left`);
      more.addEventListener("click", () => {
        state.entries += ENTRIES_AT_ONCE;
        redraw();
      });
      inbox.append(more);
    }
    if (focused >= 0) inbox.querySelectorAll("button")[focused]?.focus();
  }

  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

  /* A call that sends a first message, for a terminal. */
  function curl({ url, account_sid: account, auth_token: token, ca_file: trust }) {
    const form = ["To=+15558675310", "From=+15557122661", "Body=Hello"].map((field) => `--data-urlencode ${quoted(field)}`);
    return [
      `curl ${url}/2010-04-01/Accounts/${account}/Messages.json`,
      ...(trust ? [`--cacert ${quoted(trust)}`] : []),
      `-u ${account}:${token}`,
      ...form,
    ].join(" \\\n  ");
  }

  function invitation() {
    const there = by("inbox").querySelector(".invitation");
    if (there && Boolean(there.querySelector("pre")) === Boolean(state.status)) return there;
    const command = state.status && curl(state.status);
    return make(
      "section",
      { class: "invitation", "aria-label": "No message yet" },
      make("h2", {}, "No message yet"),
      make("p", { class: "muted" }, "Point an app at this server, or send a first message from a terminal:"),
      command ? make("div", { class: "command" }, make("pre", { tabindex: "0" }, command), Dom.copier(command, "the command")) : null,
    );
  }

  // One phone

  function drawOne(phone) {
    const node = update(phone);
    const inbox = by("inbox");
    const there = inbox.querySelector(".phone");
    if (there === node) return;
    inbox.replaceChildren(make("div", { class: "phones one" }, node));
    const thread = node.querySelector(".thread");
    thread.scrollTop = thread.scrollHeight;
  }

  function drawInbox(found) {
    const phone = state.person === null ? null : found.find(({ person }) => person === state.person);
    if (phone) drawOne(phone);
    else if (state.person === null) drawAll();
    else by("inbox").replaceChildren(make("p", { class: "empty" }, "Nothing matches."));
  }

  function drawRefused() {
    const number = state.snapshot.refused || 0;
    by("refused").hidden = number === 0;
    by("refused").textContent = `${count(number, "call")} refused`;
    by("refused").setAttribute("aria-pressed", String(state.onlyRefused));
  }

  function toggleRefused() {
    state.onlyRefused = !state.onlyRefused;
    state.person = null;
    redraw();
  }

  function redraw() {
    const found = phones();
    drawPeople(found);
    drawInbox(found);
    drawRefused();
    const senders = new Set(found.flatMap((phone) => phone.senders));
    by("senders").replaceChildren(...[...senders].map((value) => make("option", { value })));
    const living = new Set(found.map(({ person }) => person));
    for (const person of drawn.keys()) if (!living.has(person)) drawn.delete(person);
  }

  function show(snapshot) {
    state.snapshot = snapshot;
    if (!snapshot.refused) state.onlyRefused = false;
    redraw();
  }

  /* Takes the server's URL and credentials, for the page without messages. */
  function connect(status) {
    state.status = status;
    redraw();
  }

  return { show, redraw, connect, toggleRefused };
})();
