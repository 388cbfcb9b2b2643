/** Who answered: fills the places that the server left empty before the vote. */
import { language, text } from "./strings";
import { SIDES, type Battle, type RevealedSystem } from "./types";

export function secondsText(seconds: number | null): string {
  if (seconds === null) return text("unit.unknown");
  const number = seconds.toLocaleString(language(), { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return text("unit.seconds", { number });
}

/** How much faster than it plays music was made: 114, 4.8 or 0.35 times. */
export function speedText(factor: number | null): string {
  if (factor === null) return text("unit.unknown");
  const decimals = factor >= 10 ? 0 : factor >= 1 ? 1 : 2;
  const number = factor.toLocaleString(language(), { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return text("unit.speed", { number });
}

export function tokensText(tokens: number | null): string {
  return tokens === null ? text("unit.unknown") : text("unit.tokens", { number: tokens.toLocaleString(language()) });
}

export function costText(cost: number | string | null): string {
  if (cost === null) return text("unit.unknown");
  const style = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" } as const;
  return Number(cost).toLocaleString(language(), { ...style, minimumFractionDigits: 2, maximumFractionDigits: 8 });
}

function filled(system: RevealedSystem): Record<string, string> {
  return {
    name: system.name,
    organisation: system.organisation,
    licence: system.licence || text("unit.unknown"),
    ttft_s: secondsText(system.ttft_s),
    latency_s: secondsText(system.latency_s),
    output_tokens: tokensText(system.output_tokens),
    cost_usd: costText(system.cost_usd),
    training_data: system.training_data ? system.training_data : text("unit.unknown"),
    speed_factor: speedText(system.speed_factor ?? null),
    lyrics: system.lyrics ?? "",
    answered_by: system.answered_by ?? "",
  };
}

/** What a clip has beside its figures: words that were sung, and a download where the licence allows it. */
function showClip(card: HTMLElement, { lyrics, download_url }: RevealedSystem): void {
  card.querySelector("[data-lyrics]")?.toggleAttribute("hidden", !lyrics);
  const link = card.querySelector<HTMLAnchorElement>("[data-download]");
  if (!link) return;
  link.hidden = !download_url;
  if (download_url) link.href = download_url;
}

/** Shows the panel; `moveFocus` after one's own vote, not on a page that is opened later. */
export function showReveal(panel: HTMLElement, battle: Battle, moveFocus: boolean): void {
  const { systems, vote } = battle;
  if (!systems || !vote) return;
  for (const side of SIDES) {
    const card = panel.querySelector<HTMLElement>(`[data-side=${side}]`);
    if (!card) continue;
    card.toggleAttribute("data-chosen", vote.outcome === side);
    for (const [name, words] of Object.entries(filled(systems[side]))) {
      const place = card.querySelector(`[data-fill=${name}]`);
      if (place) place.textContent = words;
    }
    card.querySelector("[data-answered]")?.toggleAttribute("hidden", !systems[side].answered_by);
    showClip(card, systems[side]);
  }
  const title = panel.querySelector<HTMLElement>("[data-fill=said]");
  if (title) title.textContent = text("vote.said", { outcome: text(`outcome.${vote.outcome}`) });
  const receipt = panel.querySelector<HTMLElement>("[data-fill=receipt]");
  if (receipt) receipt.textContent = battle.receipt ?? "";
  panel.hidden = false;
  if (moveFocus) {
    title?.focus({ preventScroll: true });
    panel.scrollIntoView({ block: "center", behavior: "smooth" });
  }
}
