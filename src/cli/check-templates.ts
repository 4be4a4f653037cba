/**
 * Reads the templates of a node, and names what is wrong with them.
 *
 * @module
 */

import type { PlacedNeed } from "#config/machine-need.ts";
import type { ConfigIssue } from "#config/text/config-issue.ts";

/** Faults are what Jinja2 refuses; warnings name pages that cannot be made here. */
export async function checkTemplates(
  needs: readonly PlacedNeed[],
): Promise<Record<"faults" | "warnings", ConfigIssue[]>> {
  const issues = { faults: [] as ConfigIssue[], warnings: [] as ConfigIssue[] };
  for (const { need, place } of needs) {
    if (need.kind !== "template") continue;
    // MiniJinja is loaded only for nodes with templates.
    const { printFault, TemplateFolder } = await import("#template/template-folder.ts");
    for (const fault of new TemplateFolder(need.folder).faultsOf(need.name)) {
      const printed = printFault(fault);
      if (!fault.isUnsupported) issues.faults.push({ ...place, sentence: printed });
      else {
        const sentence = `${printed}; requests for it are answered with 501`;
        issues.warnings.push({ ...place, sentence });
      }
    }
  }
  return issues;
}
