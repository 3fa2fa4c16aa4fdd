"use strict";
/* The inbox: people and their phones, redrawn as messages come without touching what is being read or typed. */

const Inbox = (() => {
  const { make, foreign, count } = Dom;
  /* How many messages of a phone are shown, until earlier ones are asked for. */
  const PER_PHONE = 50;
  const PHONES_AT_ONCE = 24;
  const PEOPLE = 200;

  const by = (id) => document.getElementById(id);
  const state = { snapshot: {}, person: null, phones: PHONES_AT_ONCE };
  const perPhone = new Map();
  const drawn = new Map();

  const newest = (phone) => phone.messages[phone.messages.length - 1];

  function preview({ message }) {
    const text = message.body || (message.media ? count(message.media.length, "file") : "");
    return `${message.in ? "" : "App: "}${text.slice(0, 120)}`;
  }

  function fits(phone, query) {
    const digits = query.replace(/[^\d]/g, "");
    const numbers = [phone.person, ...phone.senders];
    if (/^[+\d\s().-]+$/.test(query) && digits && numbers.some((number) => number.includes(digits))) return true;
    const texts = [...numbers, ...phone.messages.map(({ message }) => message.body || "")];
    return texts.some((text) => text.toLowerCase().includes(query));
  }

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

  function personRow(label, person, text, number) {
    const button = make(
      "button",
      { type: "button", class: "person", "aria-pressed": String(state.person === person), "data-person": person || "" },
      make("span", { class: "row-text" }, make("b", {}, foreign(label)), make("small", {}, foreign(text))),
      make("span", { class: "row-count" }, number.toLocaleString("en-GB")),
    );
    button.addEventListener("click", () => {
      state.person = person;
      redraw();
      by("inbox").scrollTop = 0;
    });
    return make("li", {}, button);
  }

  function drawPeople(found) {
    const focused = document.activeElement?.dataset?.person;
    const total = found.reduce((sum, phone) => sum + phone.messages.length, 0);
    const rows = found
      .slice(0, PEOPLE)
      .map((phone) => personRow(phone.person, phone.person, preview(newest(phone)), phone.messages.length));
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

  function drawInbox(found) {
    const wanted = state.person === null ? found.slice(0, state.phones) : found.filter(({ person }) => person === state.person);
    const nodes = wanted.map(update);
    const inbox = by("inbox");
    let columns = inbox.querySelector(".phones");
    if (nodes.length === 0) {
      const text = state.snapshot.total ? "No message matches." : "No message yet. Send one with the credentials on this page.";
      inbox.replaceChildren(make("p", { class: "empty" }, text));
      return;
    }
    if (!columns) {
      columns = make("div", { class: "phones" });
      inbox.replaceChildren(columns);
    }
    // Nodes that stay where they are keep what is being typed in them.
    nodes.forEach((node, index) => {
      const there = columns.children[index];
      if (there === node) return;
      const isNew = !node.isConnected;
      const typing = node.contains(document.activeElement) ? document.activeElement : null;
      columns.insertBefore(node, there || null);
      typing?.focus();
      if (isNew) node.querySelector(".thread").scrollTop = node.querySelector(".thread").scrollHeight;
    });
    while (columns.children.length > nodes.length) columns.lastElementChild.remove();
    inbox.querySelector(":scope > .more")?.remove();
    if (state.person === null && found.length > state.phones) {
      const more = make("button", { type: "button", class: "more" }, `Show more: ${count(found.length - state.phones, "phone")} left`);
      more.addEventListener("click", () => {
        state.phones += PHONES_AT_ONCE;
        redraw();
      });
      inbox.append(more);
    }
  }

  function drawRefusals() {
    const calls = (state.snapshot.calls || []).filter(Conversations.refused);
    const inbox = by("inbox");
    inbox.querySelector(".refusals")?.remove();
    const panel = calls.length > 0 && state.person === null && Conversations.refusals({ calls: calls.slice(-20).reverse() });
    if (panel) inbox.append(panel);
  }

  function redraw() {
    const found = phones();
    drawPeople(found);
    drawInbox(found);
    drawRefusals();
    const senders = new Set(found.flatMap((phone) => phone.senders));
    by("senders").replaceChildren(...[...senders].map((value) => make("option", { value })));
    const living = new Set(found.map(({ person }) => person));
    for (const person of drawn.keys()) if (!living.has(person)) drawn.delete(person);
  }

  function show(snapshot) {
    state.snapshot = snapshot;
    redraw();
  }

  return { show, redraw };
})();
