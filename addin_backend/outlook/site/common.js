// What the event code and the pane share: reading what is being written, signing in, asking the service.
// Plain ES2016 without async functions, since classic Outlook's engine for event code has no more; no page, no
// addresses relative to one. Whatever Outlook's version lacks is left out: the gateway checks all of it.
var Sealgate = (function () {
  "use strict";
  var ADDRESS = "%SEALGATE_ADDRESS%";
  var ENTRA = "%SEALGATE_ENTRA%"; // "yes" where an application in Entra ID is set up
  var HEADERS = ["X-Sealgate-Protect", "X-Sealgate-Purpose", "X-Sealgate-Consent", "X-Sealgate-Authorised-By", "X-Sealgate-Password-By"];
  var FILES = "sealgate.files"; // what is remembered of attachments in this item's session: their digests
  var SEEN = "sealgate.seen"; // the judgement that the sender wants to send in spite of
  var MOST_BYTES = 40 * 1024 * 1024; // of attachments that are read here
  var PIECE = 2 * 1024 * 1024; // characters of base64 in one line, a multiple of four
  var SECONDS = 60;

  function supports(version) {
    return Office.context.requirements.isSetSupported("Mailbox", version);
  }

  // Have a function of Office.js called as a promise; `missing` is what a version without it gives.
  function call(owner, name, args, missing) {
    return new Promise(function (resolve, reject) {
      if (!owner || typeof owner[name] !== "function") {
        resolve(missing);
        return;
      }
      owner[name].apply(owner, args.concat(function (result) {
        if (result.status === "succeeded") {
          resolve(result.value);
        } else {
          reject(new Error((result.error && result.error.name) || name));
        }
      }));
    });
  }

  function texts() {
    var language = String((Office.context && Office.context.displayLanguage) || "en").split("-")[0].toLowerCase();
    return SealgateTexts[language] || SealgateTexts.en;
  }

  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, function (whole, name) {
      return values[name] === undefined ? whole : String(values[name]);
    });
  }

  // Octets

  var LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  function fromBase64(text) {
    var plain = text.replace(/[^A-Za-z0-9+\/]/g, "");
    var octets = new Uint8Array(Math.floor((plain.length * 3) / 4));
    var bits = 0, held = 0, at = 0;
    for (var i = 0; i < plain.length; i += 1) {
      held = (held << 6) | LETTERS.indexOf(plain[i]);
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        octets[at] = (held >> bits) & 255;
        at += 1;
      }
    }
    return octets;
  }

  function toBase64(octets) {
    var out = [];
    for (var i = 0; i < octets.length; i += 3) {
      var three = (octets[i] << 16) | ((octets[i + 1] || 0) << 8) | (octets[i + 2] || 0);
      out.push(LETTERS[three >> 18], LETTERS[(three >> 12) & 63]);
      out.push(i + 1 < octets.length ? LETTERS[(three >> 6) & 63] : "=");
      out.push(i + 2 < octets.length ? LETTERS[three & 63] : "=");
    }
    return out.join("");
  }

  function utf8(text) {
    var escaped = unescape(encodeURIComponent(text));
    var octets = new Uint8Array(escaped.length);
    for (var i = 0; i < escaped.length; i += 1) {
      octets[i] = escaped.charCodeAt(i);
    }
    return octets;
  }

  // SHA-256 (FIPS 180-4): the engine of event code has no cryptography of its own.
  var PRIMES = (function () {
    var found = [];
    for (var n = 2; found.length < 64; n += 1) {
      if (found.every(function (p) { return n % p; })) {
        found.push(n);
      }
    }
    return found;
  })();

  function fraction(x) {
    return ((x - Math.floor(x)) * 4294967296) | 0;
  }

  var ROUNDS = PRIMES.map(function (p) { return fraction(Math.pow(p, 1 / 3)); });
  var BEGIN = PRIMES.slice(0, 8).map(function (p) { return fraction(Math.pow(p, 1 / 2)); });

  function sha256(octets) {
    var length = octets.length;
    var blocks = ((length + 9 + 63) >> 6) << 6;
    var padded = new Uint8Array(blocks);
    padded.set(octets);
    padded[length] = 128;
    var view = new DataView(padded.buffer);
    view.setUint32(blocks - 8, Math.floor(length / 536870912));
    view.setUint32(blocks - 4, (length << 3) >>> 0);
    var h = Int32Array.from(BEGIN), w = new Int32Array(64);
    for (var start = 0; start < blocks; start += 64) {
      for (var t = 0; t < 16; t += 1) {
        w[t] = view.getInt32(start + 4 * t);
      }
      for (t = 16; t < 64; t += 1) {
        var x = w[t - 15], y = w[t - 2];
        var s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        var s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
      }
      var a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
      for (t = 0; t < 64; t += 1) {
        var e1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        var one = (k + e1 + ((e & f) ^ (~e & g)) + ROUNDS[t] + w[t]) | 0;
        var a0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        var two = (a0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        k = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
      }
      h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
    }
    return Array.from(h).map(function (n) { return ("0000000" + (n >>> 0).toString(16)).slice(-8); }).join("");
  }

  // What is remembered while the item is being written

  function recall(name) {
    return call(Office.context.mailbox.item.sessionData, "getAsync", [name], "").catch(function () { return ""; });
  }

  function remember(name, value) {
    return call(Office.context.mailbox.item.sessionData, "setAsync", [name, value]).catch(function () {});
  }

  // The item

  function boxes(field) {
    return call(field, "getAsync", [], []).then(function (found) {
      return found.filter(function (one) { return one.emailAddress && one.emailAddress.indexOf("@") > 0; })
        .map(function (one) { return { address: one.emailAddress, name: one.displayName || "" }; });
    });
  }

  function isAppointment() {
    return Office.context.mailbox.item.itemType === "appointment";
  }

  function sender() {
    var item = Office.context.mailbox.item;
    var own = Office.context.mailbox.userProfile.emailAddress;
    var from = item.from && item.from.getAsync ? item.from : item.organizer;
    return call(from, "getAsync", [], null).then(function (found) {
      return (found && found.emailAddress) || own;
    }).catch(function () { return own; });
  }

  // Give what is being written, its attachments told of but not read yet.
  function read() {
    var item = Office.context.mailbox.item;
    var meeting = isAppointment();
    return Promise.all([
      call(item.subject, "getAsync", [], ""),
      sender(),
      boxes(meeting ? item.requiredAttendees : item.to),
      boxes(meeting ? item.optionalAttendees : item.cc),
      boxes(meeting ? null : item.bcc),
      call(item.body, "getAsync", ["html"], ""),
      supports("1.8") ? call(item, "getAttachmentsAsync", [], []) : [],
      wishes(),
    ]).then(function (all) {
      return {
        files: all[6].filter(function (one) { return one.attachmentType !== "cloud"; }),
        draft: {
          kind: meeting ? "appointment" : "message",
          subject: all[0] || "",
          sender: all[1],
          to: all[2],
          cc: all[3],
          bcc: all[4],
          body: { html: all[5] || "" },
          protect: Boolean(all[7]["X-Sealgate-Protect"]),
        },
      };
    });
  }

  // Give one attachment's content as base64, with the name and type that it will have.
  function content(file) {
    return call(Office.context.mailbox.item, "getAttachmentContentAsync", [file.id], null).then(function (found) {
      if (!found || found.format === "url") {
        return null;
      }
      var told = { name: file.name, type: file.contentType || "", inline: Boolean(file.isInline) };
      if (found.format === "base64") {
        told.content = found.content;
      } else {
        told.content = toBase64(utf8(found.content));
        told.type = found.format === "eml" ? "message/rfc822" : "text/calendar";
      }
      told.sha256 = sha256(fromBase64(told.content));
      return told;
    });
  }

  function allContents(files, known) {
    return files.reduce(function (before, file) {
      return before.then(function (found) {
        return content(file).then(function (told) {
          if (told) {
            known[file.id] = { name: told.name, type: told.type, inline: told.inline, sha256: told.sha256 };
          }
          return found.concat(told ? [told] : []);
        });
      });
    }, Promise.resolve([]));
  }

  // Signing in

  function identity() {
    return call(Office.context.mailbox, "getUserIdentityTokenAsync", [], "");
  }

  function token() {
    var runtime = typeof OfficeRuntime === "undefined" ? null : OfficeRuntime;
    if (ENTRA === "yes" && runtime && runtime.auth) {
      return runtime.auth.getAccessToken({ allowSignInPrompt: false, allowConsentPrompt: false }).catch(identity);
    }
    return identity();
  }

  // Asking the service

  function problem(code, detail) {
    var error = new Error(code);
    error.code = code;
    error.detail = detail || "";
    return error;
  }

  function send(path, body, type, seconds) {
    return token().catch(function () { throw problem("sign-in-needed"); }).then(function (shown) {
      if (!shown) {
        throw problem("sign-in-needed");
      }
      return new Promise(function (resolve, reject) {
        var asked = new XMLHttpRequest();
        asked.open("POST", ADDRESS + "/api/v1/" + path);
        asked.setRequestHeader("Content-Type", type);
        asked.setRequestHeader("Authorization", "Bearer " + shown);
        asked.timeout = 1000 * (seconds || SECONDS);
        asked.onerror = asked.ontimeout = asked.onabort = function () { reject(problem("unavailable")); };
        asked.onload = function () {
          var told;
          try {
            told = JSON.parse(asked.responseText);
          } catch (_) {
            told = null;
          }
          if (asked.status === 200 && told) {
            resolve(told);
          } else {
            var failed = problem((told && told.code) || "unavailable", told && told.detail);
            failed.needed = told && told.needed;
            reject(failed);
          }
        };
        asked.send(body);
      });
    });
  }

  function post(path, given, seconds) {
    return send(path, JSON.stringify(given || {}), "application/json", seconds);
  }

  function inLines(draft, contents) {
    var lines = [JSON.stringify(draft)];
    contents.forEach(function (told, place) {
      for (var at = 0; told.content && at < told.content.length; at += PIECE) {
        lines.push(JSON.stringify({ attachment: place, content: told.content.slice(at, at + PIECE) }));
      }
    });
    return lines.join("\n") + "\n";
  }

  function without(told) {
    return { name: told.name, type: told.type, inline: told.inline, sha256: told.sha256 };
  }

  // Have what is being written judged. Attachments go by their digests; the service asks for those it does not know.
  function check(seconds) {
    return Promise.all([read(), recall(FILES)]).then(function (both) {
      var now = both[0], known = {};
      try {
        known = JSON.parse(both[1] || "{}");
      } catch (_) {
        known = {};
      }
      var size = now.files.reduce(function (sum, file) { return sum + (file.size || 0); }, 0);
      if (size > MOST_BYTES) {
        throw problem("too-large");
      }
      var told = now.files.every(function (file) { return known[file.id]; });
      var first = told
        ? Promise.resolve(now.files.map(function (file) { return known[file.id]; }))
        : allContents(now.files, known).then(function (found) {
          return remember(FILES, JSON.stringify(known)).then(function () { return found; });
        });
      return first.then(function (found) {
        return ask(now, found, known, seconds);
      });
    });
  }

  function ask(now, found, known, seconds) {
    var draft = Object.assign({}, now.draft, { attachments: found.map(without) });
    return post("check", draft, seconds).catch(function (error) {
      if (error.code !== "attachments-needed") {
        throw error;
      }
      var here = found.every(function (one) { return one.content; })
        ? Promise.resolve(found)
        : allContents(now.files, known);
      return here.then(function (contents) {
        var needed = contents.map(function (one, place) {
          return (error.needed || []).indexOf(place) >= 0 ? one : without(one);
        });
        var whole = Object.assign({}, now.draft, { attachments: contents.map(without) });
        return send("check", inLines(whole, needed), "application/x-ndjson", seconds);
      });
    }).then(function (judgement) {
      return { draft: now.draft, files: now.files, judgement: judgement };
    });
  }

  // What the sender tells for the record, as internet headers (Mailbox 1.8; messages only)

  function wishes() {
    var headers = Office.context.mailbox.item.internetHeaders;
    return call(headers, "getAsync", [HEADERS], {}).then(function (found) {
      var plain = {};
      Object.keys(found || {}).forEach(function (name) { plain[name] = decoded(String(found[name])); });
      return plain;
    }).catch(function () { return {}; });
  }

  function wish(values) {
    var headers = Office.context.mailbox.item.internetHeaders;
    var set = {}, gone = [];
    Object.keys(values).forEach(function (name) {
      if (values[name]) {
        set[name] = encoded(values[name]);
      } else {
        gone.push(name);
      }
    });
    var removed = gone.length ? call(headers, "removeAsync", [gone]) : Promise.resolve();
    return removed.then(function () { return Object.keys(set).length ? call(headers, "setAsync", [set]) : null; });
  }

  // Header values that are not ASCII travel in encoded words (RFC 2047), whole characters in each.
  function encoded(text) {
    var plain = text.replace(/\s+/g, " ").trim().slice(0, 500);
    if (/^[\x20-\x7e]*$/.test(plain) && plain.indexOf("=?") < 0) {
      return plain;
    }
    var words = [], piece = "";
    Array.from(plain).forEach(function (char) {
      if (utf8(piece + char).length > 42) {
        words.push(piece);
        piece = "";
      }
      piece += char;
    });
    return words.concat(piece).map(function (word) { return "=?utf-8?b?" + toBase64(utf8(word)) + "?="; }).join(" ");
  }

  function decoded(value) {
    return value.replace(/\?=\s+=\?/g, "?==?").replace(/=\?utf-8\?b\?([^?]*)\?=/gi, function (_, word) {
      return decodeURIComponent(Array.from(fromBase64(word)).map(function (octet) {
        return "%" + ("0" + octet.toString(16)).slice(-2);
      }).join(""));
    });
  }

  // A judgement, told apart from another
  function fingerprint(judgement) {
    var told = judgement.recipients.map(function (one) {
      return [one.address, one.action, one.reasons.map(function (reason) { return reason.code; })];
    });
    return sha256(utf8(JSON.stringify([judgement.policy, told])));
  }

  function wordsOf(judgement, code) {
    return texts().reasons[code] || judgement.reasons[code];
  }

  return {
    SEEN: SEEN, call: call, check: check, fill: fill, fingerprint: fingerprint, isAppointment: isAppointment,
    post: post, recall: recall, remember: remember, sha256: sha256, supports: supports, texts: texts, utf8: utf8,
    wish: wish, wishes: wishes, wordsOf: wordsOf, encoded: encoded, decoded: decoded, fromBase64: fromBase64,
    toBase64: toBase64,
  };
})();
