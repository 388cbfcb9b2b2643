/** What every page needs: the theme switch. */
import { startThemeSwitch } from "./theme";

startThemeSwitch(document);
