// A day of the calendar, from Unix seconds, in UTC.

/** Days to a date: http://howardhinnant.github.io/date_algorithms.html#civil_from_days */
export function dayOf(seconds: i64): string {
  const days = seconds / 86_400 + 719_468;
  const era = days / 146_097, ofEra = days - era * 146_097;
  const years = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365;
  const ofYear = ofEra - (365 * years + years / 4 - years / 100);
  const shifted = (5 * ofYear + 2) / 153;
  const day = ofYear - (153 * shifted + 2) / 5 + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = years + era * 400 + (month <= 2 ? 1 : 0);
  return year.toString().padStart(4, "0") + "-" + month.toString().padStart(2, "0") + "-" +
    day.toString().padStart(2, "0");
}
