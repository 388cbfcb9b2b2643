/** How Plotly writes numbers and dates in the page's language; it brings English alone. Pure. */

const MONTHS = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2026, month, 1)));
/** From Sunday on, as d3 counts: 1 February 2026 was one. */
const DAYS = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2026, 1, 1 + day)));

/** `language`: as in <html lang>. The keys are those of Plotly's own locales. */
export function plotlyFormat(language: string): Record<string, unknown> {
  const names = (days: Date[], style: Intl.DateTimeFormatOptions): string[] =>
    days.map((day) => new Intl.DateTimeFormat(language, { ...style, timeZone: "UTC" }).format(day));
  const parts = new Intl.NumberFormat(language).formatToParts(1234567.8);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  const english = language.startsWith("en");
  return {
    days: names(DAYS, { weekday: "long" }),
    shortDays: names(DAYS, { weekday: "short" }),
    months: names(MONTHS, { month: "long" }),
    shortMonths: names(MONTHS, { month: "short" }),
    decimal: part("decimal"),
    thousands: part("group"),
    ...(english ? {} : { dayMonth: "%-d %b", dayMonthYear: "%-d %b %Y" }),
  };
}
