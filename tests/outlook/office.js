// A stub of Office.js for tests, faithful in what the add-in relies on: results by callback, errors as objects with
// name and code, methods that are missing below their requirement set, and an item whose changes can be looked at.
(function (root) {
  "use strict";
  var given = root.GIVEN || {};
  var version = given.version || "1.15";

  function later(act) {
    Promise.resolve().then(act);
  }

  function answer(callback, value, error) {
    later(function () {
      callback(error
        ? { status: "failed", value: undefined, error: { name: error, code: 9000, message: error } }
        : { status: "succeeded", value: value });
    });
  }

  function atLeast(wanted) {
    return Number(version.split(".")[1]) >= Number(wanted.split(".")[1]);
  }

  function stored(name, first) {
    state[name] = first;
    return {
      getAsync: function (a, b) {
        var callback = typeof a === "function" ? a : b;
        answer(callback, JSON.parse(JSON.stringify(state[name])), state.fails[name + ".get"]);
      },
      setAsync: function (value, callback) {
        if (!state.fails[name + ".set"]) {
          state[name] = typeof value === "string" ? value : value.map(function (one) {
            return { emailAddress: one.emailAddress, displayName: one.displayName, recipientType: "externalUser" };
          });
        }
        answer(callback, undefined, state.fails[name + ".set"]);
      },
      addAsync: function (value, callback) {
        state[name] = state[name].concat(value);
        answer(callback, undefined, state.fails[name + ".add"]);
      },
    };
  }

  var state = root.STATE = {
    fails: given.fails || {}, headers: given.headers || {}, session: given.session || {}, completed: [],
    attachments: given.attachments || [], tokens: 0, reads: 0,
  };
  var meeting = given.kind === "appointment";
  var item = { itemType: meeting ? "appointment" : "message" };
  if (given.sent) {
    item.subject = given.subject || "";
    item.internetMessageId = given.sent;
  } else {
    item.subject = stored("subject", given.subject || "");
    item.body = { getAsync: function (type, callback) { answer(callback, given.body || "", state.fails.body); } };
    if (meeting) {
      item.requiredAttendees = stored("to", given.to || []);
      item.optionalAttendees = stored("cc", given.cc || []);
    } else {
      item.to = stored("to", given.to || []);
      item.cc = stored("cc", given.cc || []);
      item.bcc = stored("bcc", given.bcc || []);
    }
    item.removeAttachmentAsync = function (id, callback) {
      state.attachments = state.attachments.filter(function (one) { return one.id !== id; });
      answer(callback, undefined);
    };
    if (atLeast("1.7")) {
      item[meeting ? "organizer" : "from"] = {
        getAsync: function (callback) { answer(callback, { emailAddress: given.from || given.user, displayName: "" }); },
      };
    }
    if (atLeast("1.8")) {
      item.getAttachmentsAsync = function (callback) {
        answer(callback, state.attachments.map(function (one) {
          return { id: one.id, name: one.name, size: one.size, contentType: one.contentType, isInline: false, attachmentType: one.attachmentType || "file" };
        }));
      };
      item.getAttachmentContentAsync = function (id, callback) {
        var one = state.attachments.filter(function (each) { return each.id === id; })[0];
        state.reads += 1;
        answer(callback, { format: one.format || "base64", content: one.content }, state.fails.content);
      };
      if (!meeting) {
        item.internetHeaders = {
          getAsync: function (names, callback) {
            var found = {};
            names.forEach(function (name) { if (state.headers[name] !== undefined) { found[name] = state.headers[name]; } });
            answer(callback, found);
          },
          setAsync: function (values, callback) {
            Object.keys(values).forEach(function (name) { state.headers[name] = values[name]; });
            answer(callback, undefined, state.fails.headers);
          },
          removeAsync: function (names, callback) {
            names.forEach(function (name) { delete state.headers[name]; });
            answer(callback, undefined);
          },
        };
      }
    }
    if (atLeast("1.11")) {
      item.sessionData = {
        getAsync: function (name, callback) {
          answer(callback, state.session[name], state.session[name] === undefined ? "KeyNotFound" : "");
        },
        setAsync: function (name, value, callback) { state.session[name] = value; answer(callback, undefined); },
      };
    }
  }
  var functions = {};
  root.Office = {
    AsyncResultStatus: { Succeeded: "succeeded", Failed: "failed" },
    context: {
      displayLanguage: given.language || "en-GB",
      officeTheme: given.theme,
      requirements: { isSetSupported: function (name, wanted) { return name === "Mailbox" && atLeast(wanted); } },
      mailbox: {
        item: item,
        userProfile: { emailAddress: given.user || "amira.khan@borchester.gov.uk", displayName: "Amira Khan" },
        getUserIdentityTokenAsync: function (callback) {
          answer(callback, given.identity, given.identity ? "" : "AuthenticationFailed");
        },
      },
    },
    actions: { associate: function (name, act) { functions[name] = act; } },
    onReady: function (act) { later(act); return Promise.resolve(); },
  };
  if (given.token !== undefined) {
    root.OfficeRuntime = {
      auth: {
        getAccessToken: function () {
          state.tokens += 1;
          return given.token ? Promise.resolve(given.token) : Promise.reject({ name: "Error", code: 13001, message: "none" });
        },
      },
    };
  }
  root.RAISE = function (name) {
    functions[name]({ completed: function (options) { state.completed.push(options || {}); } });
  };
})(typeof globalThis === "undefined" ? this : globalThis);
