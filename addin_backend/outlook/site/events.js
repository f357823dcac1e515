// What Outlook runs when recipients or attachments change, and when an item is sent.
// A change only has the service read what is new, so that sending takes no wait. On sending, what the gateway would do
// is told in a few words. Whatever goes wrong here, the item is sent: the gateway is the control, this is a courtesy.
(function () {
  "use strict";
  var MOST = 500; // characters that Outlook shows
  var WAIT = 4; // seconds; Outlook itself complains after five
  var GRAVITY = ["PASS", "PROTECT", "HOLD", "REFUSE"];
  var BUTTONS = { message: "composeButton", appointment: "organiseButton" };

  function onChanged(event) {
    var done = function () { event.completed(); };
    try {
      Sealgate.check().then(done, done);
    } catch (_) {
      done();
    }
  }

  function onSend(event) {
    var answered = false;
    function answer(options) {
      if (!answered) {
        answered = true;
        event.completed(options);
      }
    }
    function letGo() {
      answer({ allowEvent: true });
    }
    try {
      if (typeof setTimeout === "function") {
        setTimeout(letGo, 1000 * WAIT);
      }
      Promise.all([Sealgate.check(WAIT), Sealgate.recall(Sealgate.SEEN)]).then(function (both) {
        answer(told(both[0].judgement, both[1]));
      }).catch(letGo);
    } catch (_) {
      letGo();
    }
  }

  // Give what Outlook is to do: send, or show why not yet.
  function told(judgement, seen) {
    if (judgement.action === "PASS" || seen === Sealgate.fingerprint(judgement)) {
      return { allowEvent: true };
    }
    var options = { allowEvent: false, errorMessage: message(judgement, false) };
    if (Sealgate.supports("1.14")) {
      options.cancelLabel = Sealgate.texts().alert.fix;
      options.commandId = BUTTONS[Sealgate.isAppointment() ? "appointment" : "message"];
      if (judgement.action !== "REFUSE") {
        options.sendModeOverride = "promptUser"; // the gateway does what is said, so the sender may go on
      }
    }
    if (Sealgate.supports("1.15")) {
      options.errorMessageMarkdown = message(judgement, true);
    }
    return options;
  }

  // Give the judgement in at most 500 characters: the gravest reasons first, each once, whole sentences only.
  // Outlook's Markdown ends each item of a list with a carriage return, and a paragraph with an empty line.
  function message(judgement, markdown) {
    var words = Sealgate.texts().alert;
    var head = words[judgement.action], end = Sealgate.supports("1.14") ? words.end : words.endOld;
    var lines = titles(judgement).map(function (title) { return "- " + (markdown ? escaped(title) : title); });
    for (var shown = lines.length; shown >= 0; shown -= 1) {
      var left = lines.length - shown;
      var rest = left ? ["- " + Sealgate.fill(words.more, { count: left })] : [];
      var list = lines.slice(0, shown).concat(rest);
      var text = markdown
        ? "**" + head + "**\n\n" + list.join("\r") + "\r\n\n" + end
        : [head].concat(list, [end]).join("\n");
      if (text.length <= MOST) {
        return text;
      }
    }
    return head.slice(0, MOST);
  }

  function titles(judgement) {
    var found = {};
    judgement.recipients.forEach(function (one) {
      one.reasons.forEach(function (reason) {
        var gravity = reason.enforced ? GRAVITY.indexOf(reason.action) : 0;
        if (gravity > 0) {
          found[reason.code] = Math.max(gravity, found[reason.code] || 0);
        }
      });
    });
    return Object.keys(found).sort(function (a, b) { return found[b] - found[a]; }).map(function (code) {
      return Sealgate.wordsOf(judgement, code).title;
    });
  }

  function escaped(text) {
    return text.replace(/([\\`*_{}[\]<>()#+!|])/g, "\\$1");
  }

  Office.actions.associate("onChanged", onChanged);
  Office.actions.associate("onSend", onSend);
})();
