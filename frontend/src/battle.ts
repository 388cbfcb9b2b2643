/** The battle page: starts everything from what the server put into it. */
import { useCsrfToken } from "./api";
import { BattleController } from "./controller";
import { useModality } from "./strings";
import type { Battle } from "./types";

const root = document.getElementById("battle");
const data = document.getElementById("battle-data");
if (root && data) {
  useCsrfToken(root.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "");
  useModality(root.dataset["modality"] ?? "");
  new BattleController(root, JSON.parse(data.textContent) as Battle).start();
}
