// The pane: what will happen to the message and why, each reason with its fix, what is told for the record; and for a
// message that was sent, where its protected copies stand. Everything shown is text, never markup.
(function () {
  "use strict";
  var GRAVITY = ["PASS", "PROTECT", "HOLD", "REFUSE"];
  // Reasons that are about who receives: the recipient may be looked up, changed or removed.
  var ABOUT_PEOPLE = [
    "personal-account", "unapproved-domain", "look-alike-domain", "first-mail", "near-miss", "unusual-address",
    "internal-name-outside", "group-with-outside-members", "retired-route", "forwarding-home", "route-refused",
    "route-held", "marking-above-route", "portal-only",
  ];
  // Reasons that the gateway puts right by itself, so that it may be asked to.
  var PROTECTABLE = [
    "attachment-not-encrypted", "attachment-weakly-encrypted", "body-personal-data", "school-in-clear",
    "route-not-verified", "subject-not-marked",
  ];
  var words, item, main, said;

  // Making what is shown

  function make(name, attributes, children) {
    var made = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) {
      if (key === "on") {
        made.addEventListener(name === "form" ? "submit" : "click", attributes.on);
      } else {
        made.setAttribute(key, attributes[key]);
      }
    });
    (Array.isArray(children) ? children : [children]).forEach(function (child) {
      if (child !== undefined && child !== null && child !== "") {
        made.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
      }
    });
    return made;
  }

  function button(text, act, kind) {
    return make("button", { type: "button", class: kind || "plain", on: act }, text);
  }

  // Tell buttons of the same words apart for who hears the page.
  function named(made, more) {
    made.setAttribute("aria-label", made.textContent + ": " + more);
    return made;
  }

  function show(parts) {
    main.textContent = "";
    parts.forEach(function (part) {
      if (part) {
        main.appendChild(part);
      }
    });
  }

  function say(text) {
    said.textContent = text;
  }

  function fill(text, values) {
    return Sealgate.fill(text, values);
  }

  function titleFocused(text) {
    var title = make("h1", { tabindex: "-1" }, text);
    setTimeout(function () { title.focus({ preventScroll: true }); }, 0);
    return title;
  }

  function field(id, label, value, attributes) {
    var input = make("input", Object.assign({ id: id, name: id, type: "text", autocomplete: "off", maxlength: "500" }, attributes || {}));
    input.value = value || "";
    return [make("label", { for: id }, label), input];
  }

  // A message that is being written

  function check() {
    show([titleFocused(words.pane.title), make("p", {}, words.pane.checking)]);
    say("");
    return Promise.all([Sealgate.check(), Sealgate.wishes()]).then(function (both) {
      judged(both[0], both[1]);
    }).catch(function (error) {
      failed(error);
    });
  }

  function failed(error) {
    var why = { "sign-in-needed": words.pane.signIn, "too-large": words.pane.tooLarge }[error.code] || error.detail;
    show([
      titleFocused(words.pane.title),
      make("div", { class: "box" }, [
        make("p", { class: "action" }, words.pane.down),
        make("p", {}, why),
        make("p", {}, words.pane.downMore),
      ]),
      make("div", { class: "acts" }, button(words.pane.check, check, "main")),
    ]);
  }

  function judged(now, told) {
    var judgement = now.judgement;
    var reasons = grouped(now);
    var grave = reasons.filter(function (one) { return one.gravity > 0; });
    var notes = reasons.filter(function (one) { return one.gravity === 0; });
    show([
      titleFocused(words.pane.title),
      verdict(judgement),
      grave.length ? make("h2", {}, words.pane.reasons) : null,
    ].concat(
      grave.map(function (one) { return reasonBox(one, now, told); }),
      judgement.found ? found(now) : [],
      notes.length ? [noted(notes, now)] : [],
      [record(told), ending(judgement)]
    ));
  }

  function verdict(judgement) {
    if (judgement.action === "PASS" && !judgement.recipients.length) {
      return clean();
    }
    var people = judgement.recipients.map(function (one) {
      return make("li", {}, [
        make("span", {}, one.address + ": "),
        make("span", { class: "action", "data-action": one.action }, words.actions[one.action]),
      ]);
    });
    return make("section", { "aria-labelledby": "verdict" }, [
      judgement.action === "PASS" ? clean() : null,
      make("h2", { id: "verdict" }, words.pane.verdict),
      make("ul", { class: "people" }, people),
    ]);
  }

  function clean() {
    return make("div", { class: "box" }, [
      make("p", { class: "action", "data-action": "PASS" }, words.pane.clean),
      make("p", {}, words.pane.cleanMore),
    ]);
  }

  // Give the reasons, each once, with whom and which files it concerns; the gravest first.
  function grouped(now) {
    var byCode = {};
    now.judgement.recipients.forEach(function (one) {
      one.reasons.forEach(function (reason) {
        var gravity = reason.enforced ? GRAVITY.indexOf(reason.action) : 0;
        var known = byCode[reason.code] || { code: reason.code, gravity: 0, people: [], details: [], files: [] };
        known.gravity = Math.max(known.gravity, gravity);
        add(known.people, one);
        plainly(reason.detail).forEach(function (detail) { add(known.details, detail); });
        if (reason.attachment !== null && reason.attachment !== undefined) {
          add(known.files, reason.attachment);
        }
        byCode[reason.code] = known;
      });
    });
    return Object.keys(byCode).map(function (code) { return byCode[code]; })
      .sort(function (a, b) { return b.gravity - a.gravity; });
  }

  // Which row of the route table decided is for IT; what else a detail says is for everybody.
  function plainly(detail) {
    return String(detail || "").split("; ").filter(function (piece) { return piece && !/^route row /.test(piece); });
  }

  function add(list, value) {
    if (value !== "" && value !== undefined && list.indexOf(value) < 0) {
      list.push(value);
    }
  }

  function reasonBox(one, now, told) {
    var means = Sealgate.wordsOf(now.judgement, one.code);
    var id = "reason-" + one.code;
    var rules = (now.judgement.reasons[one.code] || {}).rules || [];
    return make("section", { class: "box", "data-action": GRAVITY[one.gravity], "aria-labelledby": id }, [
      make("h3", { id: id }, means.title),
      make("p", { class: "quiet" }, fill(words.pane.forWhom, { people: addresses(one.people).join(", ") })),
    ].concat(
      one.details.map(function (detail) { return make("p", {}, detail); }),
      [
        make("ul", {}, means.steps.map(function (step) { return make("li", {}, step); })),
        make("details", {}, [
          make("summary", {}, words.pane.why),
          make("p", {}, means.why),
          make("p", { class: "quiet" }, fill(words.pane.ruleIds, { ids: rules.join(", ") })),
        ]),
        make("div", { class: "acts" }, fixes(one, now, told)),
      ]
    ));
  }

  function addresses(people) {
    return people.map(function (one) { return one.address; });
  }

  // The fixes of a reason

  function fixes(one, now, told) {
    var acts = [];
    if (one.code === "subject-not-marked") {
      acts.push(button(words.pane.mark, function () { act(markSubject(now)); }, "main"));
    }
    if (one.code === "many-outside-recipients" && item.bcc) {
      acts.push(button(words.pane.bcc, function () { act(intoBcc(now)); }, "main"));
    }
    if (PROTECTABLE.indexOf(one.code) >= 0 && canTell() && !told["X-Sealgate-Protect"]) {
      acts.push(button(words.pane.protect, function () { act(Sealgate.wish({ "X-Sealgate-Protect": "yes" })); }));
    }
    if (one.code === "protection-requested" && canTell()) {
      acts.push(button(words.pane.unprotect, function () { act(Sealgate.wish({ "X-Sealgate-Protect": "" })); }));
    }
    if (ABOUT_PEOPLE.indexOf(one.code) >= 0) {
      one.people.forEach(function (person) { acts = acts.concat(peopleFixes(one.code, person, now)); });
    }
    one.files.forEach(function (place) {
      var file = now.files[place];
      if (file) {
        acts.push(button(fill(words.pane.detach, { file: file.name }), function () {
          act(Sealgate.call(item, "removeAttachmentAsync", [file.id]));
        }));
      }
    });
    var wrong = button(words.pane.alsoReasonWrong, function (event) {
      report(event.target, { code: one.code });
    });
    named(wrong, Sealgate.wordsOf(now.judgement, one.code).title);
    acts.push(wrong);
    return acts;
  }

  function peopleFixes(code, person, now) {
    var acts = [];
    if (person.instead) {
      acts.push(button(fill(words.pane.instead, { address: person.instead }), function () {
        act(replaceRecipient(person.address, { emailAddress: person.instead, displayName: person.instead }));
      }, "main"));
    }
    acts.push(button(fill(words.pane.remove, { address: person.address }), function () {
      act(replaceRecipient(person.address, null));
    }));
    acts.push(button(fill(words.pane.who, { address: person.address }), function (event) {
      lookUp(event.target, code, person.address, now);
    }));
    return acts;
  }

  // Do something to the item, then judge it anew; what Outlook refuses is said.
  function act(doing) {
    say("");
    return doing.then(check).then(function () { say(words.pane.done); }, function () { say(words.pane.failed); });
  }

  function markSubject(now) {
    var subject = now.judgement.mark + (now.draft.subject ? " - " + now.draft.subject : "");
    return Sealgate.call(item.subject, "setAsync", [subject.slice(0, 255)]);
  }

  function fields() {
    return Sealgate.isAppointment() ? [item.requiredAttendees, item.optionalAttendees] : [item.to, item.cc, item.bcc];
  }

  function changeFields(change) {
    return Promise.all(fields().map(function (one) {
      return Sealgate.call(one, "getAsync", [], []).then(function (people) {
        var changed = change(people, one);
        return changed ? Sealgate.call(one, "setAsync", [changed]) : null;
      });
    }));
  }

  function same(one, address) {
    return String(one.emailAddress).toLowerCase() === address.toLowerCase();
  }

  function replaceRecipient(address, by) {
    return changeFields(function (people) {
      if (!people.some(function (one) { return same(one, address); })) {
        return null;
      }
      var rest = people.filter(function (one) { return !same(one, address); });
      return by ? rest.concat([by]) : rest;
    });
  }

  function intoBcc(now) {
    var outside = {};
    now.judgement.recipients.forEach(function (one) {
      if (!one.inside) {
        outside[one.address.toLowerCase()] = true;
      }
    });
    var moved = [];
    function keep(people) {
      moved = moved.concat(people.filter(function (one) { return outside[String(one.emailAddress).toLowerCase()]; }));
      return people.filter(function (one) { return !outside[String(one.emailAddress).toLowerCase()]; });
    }
    return Sealgate.call(item.to, "getAsync", [], []).then(function (to) {
      return Sealgate.call(item.cc, "getAsync", [], []).then(function (cc) {
        var inTo = keep(to), inCc = keep(cc);
        // First the new place, so that nobody is lost if Outlook stops in between.
        return Sealgate.call(item.bcc, "addAsync", [moved]).then(function () {
          return Sealgate.call(item.to, "setAsync", [inTo]);
        }).then(function () { return Sealgate.call(item.cc, "setAsync", [inCc]); });
      });
    });
  }

  function lookUp(after, code, address, now) {
    var name = "";
    now.draft.to.concat(now.draft.cc, now.draft.bcc).forEach(function (one) {
      name = one.address.toLowerCase() === address.toLowerCase() ? one.name : name;
    });
    var names = code === "internal-name-outside" && name ? [name] : [];
    after.disabled = true;
    Sealgate.post("people", { addresses: [address], names: names }).then(function (told) {
      var box = after.closest(".acts").parentNode;
      told.people.forEach(function (card) { box.appendChild(cardOf(card)); });
      told.named.forEach(function (card) {
        box.appendChild(cardOf(card));
        box.appendChild(button(fill(words.pane.colleague, { name: card.name, address: card.address }), function () {
          act(replaceRecipient(address, { emailAddress: card.address, displayName: card.name }));
        }, "main"));
      });
    }).catch(function () {
      after.disabled = false;
      say(words.pane.failed);
    });
  }

  function cardOf(card) {
    var lines = [card.job_title, card.department, card.organisation, card.telephone].filter(Boolean);
    if (card.partner) {
      lines.push(fill(words.pane.partner, { name: card.partner.name }));
    }
    return make("dl", {}, [
      make("dt", {}, card.name || card.address),
      make("dd", {}, lines.length ? lines.join(", ") : words.pane.unknown),
    ]);
  }

  // What was found

  function found(now) {
    var judgement = now.judgement;
    var more = judgement.found - judgement.findings.length;
    var lines = judgement.findings.map(function (one) {
      var place = one.file ? fill(words.pane.inFile, { file: one.file })
        : one.where === "subject" ? words.pane.inSubject : words.pane.inBody;
      var shown = (words.kinds[one.kind] || one.kind) + " " + one.masked + " " + place;
      return make("li", {}, [
        make("span", {}, shown + " "),
        named(button(words.pane.notPersonal, function (event) {
          report(event.target, {
            code: one.kind,
            category: one.category,
            confidence: one.confidence,
            place: one.attachment !== null ? "attachment" : one.where === "subject" ? "subject" : "body",
          });
        }), shown),
      ]);
    });
    return [
      make("h2", {}, words.pane.found),
      make("p", { class: "quiet" }, words.pane.masked + (more ? " " + fill(words.pane.foundMore, { count: more }) : "")),
      make("ul", { class: "people" }, lines),
    ];
  }

  function report(after, features) {
    after.disabled = true;
    Sealgate.post("feedback", features).then(function () {
      say(words.pane.reported);
    }, function (error) {
      after.disabled = false;
      say(error.detail || words.pane.down);
    });
  }

  function noted(notes, now) {
    return make("details", {}, [make("summary", {}, words.pane.notes)].concat(
      notes.map(function (one) { return reasonBox(one, now, {}); })
    ));
  }

  // What is told for the record (R1, P5, E8)

  function canTell() {
    return Boolean(Sealgate.supports("1.8") && item.internetHeaders);
  }

  function record(told) {
    if (!canTell()) {
      return Sealgate.isAppointment() ? null : make("p", { class: "quiet" }, words.pane.old);
    }
    var password = make("select", { id: "password", name: "password" }, [
      make("option", { value: "" }, words.pane.passwordPolicy),
      make("option", { value: "email" }, words.pane.passwordEmail),
      make("option", { value: "telephone" }, words.pane.passwordTelephone),
    ]);
    password.value = told["X-Sealgate-Password-By"] || "";
    var form = make("form", { novalidate: "", "aria-labelledby": "record", on: save }, [].concat(
      [make("h2", { id: "record" }, words.pane.record)],
      field("purpose", words.pane.purpose, told["X-Sealgate-Purpose"]),
      field("authorised", words.pane.authorised, told["X-Sealgate-Authorised-By"]),
      field("consent", words.pane.consent, told["X-Sealgate-Consent"], { "aria-describedby": "consent-hint" }),
      [
        make("p", { class: "quiet", id: "consent-hint" }, words.pane.consentHint),
        make("label", { for: "password" }, words.pane.password),
        password,
        make("div", { class: "acts" }, make("button", { type: "submit", class: "main" }, words.pane.save)),
      ]
    ));
    function save(event) {
      event.preventDefault();
      Sealgate.wish({
        "X-Sealgate-Purpose": form.elements.purpose.value.trim(),
        "X-Sealgate-Authorised-By": form.elements.authorised.value.trim(),
        "X-Sealgate-Consent": form.elements.consent.value.trim(),
        "X-Sealgate-Password-By": password.value,
      }).then(function () { say(words.pane.saved); }, function () { say(words.pane.failed); });
    }
    return form;
  }

  function ending(judgement) {
    var help = judgement.help || {};
    var whom = [help.name, help.telephone, help.address].filter(Boolean).join(", ");
    var acts = [button(words.pane.check, check)];
    if (judgement.action !== "PASS" && item.sessionData) {
      acts.push(button(words.pane.sendAnyway, function () {
        Sealgate.remember(Sealgate.SEEN, Sealgate.fingerprint(judgement)).then(function () {
          say(words.pane.sendAnywayMore);
        });
      }));
    }
    return make("div", {}, [
      make("div", { class: "acts" }, acts),
      whom ? make("p", {}, fill(words.pane.help, { name: whom })) : null,
    ]);
  }

  // A message that was sent

  function sentOnes() {
    show([titleFocused(words.sent.title), make("p", {}, words.pane.checking)]);
    return Sealgate.post("shares", { message_id: item.internetMessageId || "" }).then(function (told) {
      var shown = told.shares.map(shareBox);
      show([titleFocused(words.sent.title)].concat(shown.length ? shown : [
        make("p", {}, words.sent.none), make("p", {}, words.sent.noneMore),
      ]));
    }).catch(function (error) {
      show([titleFocused(words.sent.title), make("p", {}, error.detail || words.sent.down)]);
    });
  }

  function shareBox(share) {
    var place = make("div", {});
    var acts = [];
    if (share.may_withdraw) {
      acts.push(button(words.sent.withdraw, function () { askWithdraw(share, place); }));
    }
    if (share.may_card) {
      acts.push(button(words.sent.card, function () { card(share, place); }));
    }
    var whom = fill(words.sent.to, { address: share.recipient });
    return make("section", { class: "box", "aria-label": whom + ", " + share.id }, [
      make("h2", { id: share.id }, whom),
      make("p", {}, words.sent.states[share.state] || share.state),
      make("p", { class: "quiet" }, fill(words.sent.at, { when: share.sent_at })),
      make("p", { class: "quiet" }, fill(words.sent.until, { when: share.expires_at })),
      make("div", { class: "acts" }, acts),
      place,
    ]);
  }

  function put(place, parts) {
    place.textContent = "";
    parts.forEach(function (part) { place.appendChild(part); });
  }

  function askWithdraw(share, place) {
    put(place, [
      make("p", {}, words.sent.withdrawSure),
      make("div", { class: "acts" }, [
        button(words.sent.withdrawYes, function () {
          act2(Sealgate.post("shares/" + share.id + "/withdraw"), words.sent.withdrawn);
        }, "main"),
        button(words.sent.cancel, function () { put(place, []); }),
      ]),
    ]);
  }

  function act2(doing, done) {
    return doing.then(sentOnes).then(function () { say(done); }, function (error) {
      say(error.detail || words.sent.down);
    });
  }

  function card(share, place) {
    Sealgate.post("shares/" + share.id + "/card").then(function (told) {
      var ring = told.telephone
        ? fill(words.sent.ring, {
          organisation: told.organisation, telephone: told.telephone, person: told.person || words.sent.somebody,
        })
        : words.sent.ringAlone;
      var parts = [
        make("h3", {}, words.sent.cardTitle),
        make("ol", {}, [make("li", {}, ring), make("li", {}, words.sent.verify)]),
        make("dl", {}, [make("dt", {}, words.sent.passwordIs), make("dd", { class: "secret" }, told.password)]),
      ];
      put(place, share.may_tell ? parts.concat([toldForm(share)]) : parts);
    }, function (error) { say(error.detail || words.sent.down); });
  }

  function toldForm(share) {
    var form = make("form", { novalidate: "", on: save }, [].concat(
      [make("h3", {}, words.sent.toldWho)],
      field("name-" + share.id, words.sent.name, ""),
      field("job-" + share.id, words.sent.job, ""),
      [make("div", { class: "acts" }, make("button", { type: "submit", class: "main" }, words.sent.told))]
    ));
    function save(event) {
      event.preventDefault();
      var name = form.elements[0].value.trim(), job = form.elements[1].value.trim();
      if (!name || !job) {
        say(words.sent.toldMissing);
        return;
      }
      act2(Sealgate.post("shares/" + share.id + "/told", { name: name, job_title: job }), words.sent.toldDone);
    }
    return form;
  }

  // Begin

  function theme() {
    var told = Office.context.officeTheme;
    var page = told && told.bodyBackgroundColor;
    if (!page || !/^#[0-9a-f]{6}$/i.test(page)) {
      return;
    }
    var light = [1, 3, 5].reduce(function (sum, at) { return sum + parseInt(page.slice(at, at + 2), 16); }, 0) > 384;
    document.documentElement.setAttribute("data-theme", light ? "light" : "dark");
  }

  Office.onReady(function () {
    words = Sealgate.texts();
    item = Office.context.mailbox.item;
    main = document.getElementById("pane");
    said = document.getElementById("said");
    document.documentElement.lang = words.language || "en";
    theme();
    if (item && item.subject && typeof item.subject.getAsync === "function") {
      check();
    } else {
      sentOnes();
    }
  });
})();
