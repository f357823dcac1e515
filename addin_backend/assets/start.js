// Wakes GOV.UK Frontend's components. Every page works without it.
import { initAll } from "./govuk/govuk.js";
document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
