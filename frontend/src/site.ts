/** What every page needs: the theme switch, and the form that starts a battle where there is one. */
import { startForm } from "./start";
import { startThemeSwitch } from "./theme";

startThemeSwitch(document);
const form = document.querySelector<HTMLFormElement>("form.start-form");
if (form) startForm(form);
