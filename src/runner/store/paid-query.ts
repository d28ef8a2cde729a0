import { type Duck, sqlString } from "../../core/duck.js";

/** Different blobs of a table's column `blob`, by whether an answer about them is kept. */
export interface PaidCounts {
  readonly answered: number;
  /** An answer about them has to be paid for. */
  readonly unanswered: number;
}

/** Looks a table's blobs up in the logs of a ledger. */
export async function countAnswers(duck: Duck, logs: readonly string[], table: string): Promise<PaidCounts> {
  await loadLogs(duck, logs);
  const [row] = await duck.all(
    `SELECT count(*) FILTER (answered) AS answered, count(*) FILTER (NOT answered) AS unanswered
     FROM (SELECT DISTINCT blob, blob IN (SELECT blob FROM answer_log WHERE blob IS NOT NULL) AS answered FROM ${table})`,
  );
  return { answered: Number(row?.answered), unanswered: Number(row?.unanswered) };
}

/**
 * Blobs of a table that were being asked about when a process died: whether somebody answered, and counted it on the bill, is
 * not known.
 */
export async function openQuestions(duck: Duck, logs: readonly string[], table: string): Promise<string[]> {
  await loadLogs(duck, logs);
  const rows = await duck.all(
    `WITH asked AS (SELECT unnest(asked) AS blob, 1 AS n FROM answer_log),
       back AS (SELECT unnest(unanswered) AS blob, -1 AS n FROM answer_log)
     SELECT blob FROM (FROM asked UNION ALL FROM back)
     WHERE blob IN (SELECT blob FROM ${table}) AND blob NOT IN (SELECT blob FROM answer_log WHERE blob IS NOT NULL)
     GROUP BY blob HAVING sum(n) > 0 ORDER BY blob`,
  );
  return rows.map(({ blob }) => String(blob));
}

async function loadLogs(duck: Duck, logs: readonly string[]): Promise<void> {
  const lines =
    logs.length === 0
      ? "SELECT NULL::VARCHAR[] AS asked, NULL::VARCHAR[] AS unanswered, NULL::VARCHAR AS blob WHERE false"
      : `SELECT asked, unanswered, blob FROM read_json([${logs.map(sqlString).join(", ")}],
           format = 'newline_delimited', ignore_errors = true, maximum_object_size = 8388608,
           columns = {asked: 'VARCHAR[]', unanswered: 'VARCHAR[]', blob: 'VARCHAR'})`;
  await duck.run(`CREATE OR REPLACE TEMP VIEW answer_log AS ${lines}`);
}
