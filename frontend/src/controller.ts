/** One battle on its page: joins the stream, the stored battle, the vote and the follow-ups. */
import { NetworkError, Problem, getBattle, stopBattle } from "./api";
import { Assembler, parseEvent } from "./assembler";
import { Draft } from "./draft";
import { byId } from "./dom";
import { errorText } from "./errors";
import { startAgainForm, startFollowUpForm } from "./followup";
import { phaseOf } from "./phase";
import { Deck } from "./player";
import { Progress } from "./progress";
import { ReportDialog } from "./report";
import { showReveal } from "./reveal";
import { LiveConnection, liveUrl, waitMs } from "./socket";
import { reasonText, text } from "./strings";
import { isSettled, perSide, type Battle, type MakingPhase, type State } from "./types";
import { TurnsView, copyText } from "./view";
import { VoteForm } from "./vote";

export class BattleController {
  private readonly assembler = new Assembler();
  private readonly view: TurnsView;
  private readonly progress: Progress;
  private readonly vote: VoteForm;
  private readonly live: LiveConnection;
  private readonly report: ReportDialog;
  private state: State;
  private checking = false;
  private restarted = false;
  private stopping = false;
  private making: { phase: MakingPhase; endsAt: number | null } | undefined;
  /** The players, in an arena of music. */
  private readonly deck: Deck | null;

  constructor(root: HTMLElement, private battle: Battle) {
    this.state = battle.state;
    this.progress = new Progress(root, byId("progress-text"), byId("announcer"), byId("connection"));
    const say = (words: string): void => { this.progress.say(words); };
    this.report = new ReportDialog(byId("report-dialog", HTMLDialogElement), battle.id, say);
    this.view = new TurnsView(byId("turns"), byId("turn-template", HTMLTemplateElement), {
      copy: (turn, side, button) => void copyText(this.assembler.text(turn)[side], button, say),
      copyCode: (code, button) => void copyText(code, button, say),
      report: (turn, side, button) => {
        this.report.open(turn, side, button.closest("[aria-label]")?.getAttribute("aria-label") ?? "");
      },
    });
    this.vote = new VoteForm(byId("vote-form", HTMLFormElement), byId("vote-bar"), {
      id: battle.id,
      onRevealed: (revealed) => { this.accept(revealed, true); },
      onStale: () => void this.check(),
      say,
    });
    this.live = new LiveConnection({
      url: (after) => liveUrl(location, battle.id, after),
      after: () => this.assembler.lastId,
      onMessage: (message) => { this.hear(message); },
      onState: (state, failures) => {
        this.progress.connection(state, failures, navigator.onLine);
        if (state === "open") this.deck?.reconnected();
        // Where sockets never get through, reading the battle now and then still brings it to its end.
        if (state === "waiting" && failures > 1) void this.look();
      },
    });
    this.deck = root.dataset["modality"] === "music" ? this.newDeck() : null;
  }

  private newDeck(): Deck {
    const redraw = (): void => { this.draw(false); };
    // What is left of the expected time is told by the second.
    setInterval(() => { if (this.making) redraw(); }, 1000);
    return new Deck(byId("turns"), {
      battleId: this.battle.id,
      send: (frame) => this.live.send(JSON.stringify(frame)),
      say: (words) => { this.progress.say(words); },
      onHeard: redraw,
    });
  }

  start(): void {
    this.accept(this.battle, false);
    new Draft(this.battle.arena).forget(this.battle.turns[0]?.prompt ?? "", this.battle.state);
    this.startForms();
    window.addEventListener("online", () => { this.live.hurry(); });
    window.addEventListener("offline", () => { this.live.drop(); });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.live.hurry();
    });
    document.addEventListener("arena:notice", (event) => { this.tell((event as CustomEvent<string>).detail); });
  }

  /** Takes over the stored battle, which is always right. */
  private accept(battle: Battle, ownVote: boolean): void {
    this.battle = battle;
    this.state = battle.state;
    const open = isSettled(battle.state) ? 0 : battle.turns.length;
    for (const turn of battle.turns) {
      this.view.add(turn.n, turn.prompt);
      if (turn.n !== open) this.assembler.settle(turn.n, perSide((side) => turn[side].text));
    }
    if (isSettled(battle.state)) this.making = undefined;
    // Clips are listened to after they are ready, and the server hears how.
    if (open || (this.deck && battle.state === "ready")) this.live.start();
    else this.live.stop();
    this.draw(ownVote);
  }

  private hear(message: unknown): void {
    const event = parseEvent(message);
    if (!event) return;
    if (event.type === "heard") {
      this.deck?.hear(event);
      return;
    }
    if (event.type === "progress") {
      const endsAt = event.expected_s === null ? null : Date.now() + event.expected_s * 1000;
      this.making = { phase: event.phase, endsAt };
      this.draw(false);
      return;
    }
    const change = this.assembler.apply(event);
    if (change.restarted !== undefined) this.restarted = change.restarted;
    else if (change.turn !== undefined) this.restarted = false;
    if (change.state) {
      this.state = change.state;
      if (isSettled(change.state)) void this.check();
    }
    this.draw(false);
  }

  /** The end is near: compare what is shown with what is stored, until the arena can be asked. */
  private async check(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    this.draw(false);
    for (let failures = 1; ; failures += 1) {
      try {
        const battle = await getBattle(this.battle.id);
        this.checking = this.restarted = this.stopping = false;
        this.accept(battle, false);
        return;
      } catch (error) {
        if (error instanceof Problem && error.status === 404) {
          this.checking = false;
          this.live.stop();
          this.tell(text("connection.gone"));
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, waitMs(failures)));
      }
    }
  }

  private async look(): Promise<void> {
    try {
      const battle = await getBattle(this.battle.id);
      if (isSettled(battle.state) && !this.checking) this.accept(battle, false);
    } catch (error) {
      if (!(error instanceof NetworkError) && !(error instanceof Problem)) throw error;
    }
  }

  private draw(ownVote: boolean): void {
    const { battle, state, checking, restarted, stopping, deck } = this;
    const newest = battle.turns.length;
    const settled = isSettled(state) && !checking;
    for (const turn of battle.turns) {
      const earlier = turn.n < newest;
      const complete = earlier || (settled && (state === "ready" || state === "voted" || state === "expired"));
      this.view.show(turn.n, this.assembler.text(turn.n), earlier || settled, complete);
    }
    const shown = this.assembler.text(newest);
    const hasText = Boolean(shown.left || shown.right);
    const making = this.making?.phase;
    this.progress.show(phaseOf({ state, hasText, restarted, stopping, checking, making }), this.expectation());
    const ended = settled && ["failed", "refused", "expired"].includes(state);
    const running = !isSettled(state) || checking;
    if (deck && settled && (state === "ready" || state === "voted")) deck.load(battle);
    const missing = deck && settled && state === "ready" ? deck.missing() : "";
    this.vote.setOpen(settled && state === "ready" && !missing, running || state === "ready");
    this.vote.tellMissing(missing);
    byId("stop-form").hidden = isSettled(state) || state === "queued" || deck !== null;
    byId("battle-title").textContent = text(battle.systems ? "title.voted" : ended ? "title.ended" : "title.open");
    byId("failure").hidden = !ended;
    byId("failure-title").textContent = ended ? text(`phase.${state as "failed"}`) : "";
    byId("failure-reason").textContent = ended ? reasonText(battle.reason ?? "") : "";
    byId("next").hidden = !(ended || battle.systems);
    byId("again-failed").hidden = !ended;
    byId("again-voted").hidden = ended;
    const refused = state === "refused";
    // The same prompt would be refused again; after a failure it is what the visitor wants.
    byId("again-form").hidden = refused;
    byId("again").classList.toggle("button--primary", ended && !refused);
    byId("new-battle").classList.toggle("button--primary", !ended || refused);
    byId("turn-form").hidden = !(settled && state === "ready" && newest < maxTurns());
    if (battle.systems) {
      const { systems } = battle;
      deck?.finish();
      this.view.name(perSide((side) => systems[side].name));
      showReveal(byId("reveal"), battle, ownVote);
    }
  }

  /** About how long it still takes, where the server expects something. */
  private expectation(): string {
    if (!this.making || this.making.endsAt === null || isSettled(this.state)) return "";
    const seconds = Math.ceil((this.making.endsAt - Date.now()) / 1000);
    return seconds > 0 ? text("phase.expected", { seconds }) : text("phase.overdue");
  }

  private tell(words: string): void {
    const notice = byId("connection");
    notice.textContent = words;
    notice.hidden = false;
  }

  private startForms(): void {
    byId("stop-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.stopping = true;
      this.draw(false);
      stopBattle(this.battle.id).catch((error: unknown) => {
        this.stopping = false;
        this.draw(false);
        this.tell(errorText(error));
      });
    });
    const { id, arena } = this.battle;
    startAgainForm(byId("again-form", HTMLFormElement), arena, () => this.battle.turns[0]?.prompt ?? "", (error) => {
      this.tell(errorText(error));
    });
    startFollowUpForm(byId("turn-form", HTMLFormElement), id, {
      onTurn: (battle) => {
        this.accept(battle, false);
        this.view.focusTurn(battle.turns.length);
      },
      onConflict: () => void this.check(),
    });
  }
}

function maxTurns(): number {
  return Number(byId("turn-form").dataset["maxTurns"] ?? "10");
}
