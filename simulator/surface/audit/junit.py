"""The report as JUnit's XML, which every CI shows."""

from __future__ import annotations

from xml.etree import ElementTree

from simulator.surface.audit.runner import Report


def xml(report: Report) -> str:
    failed, skipped = str(report.count("failed")), str(report.count("skipped"))
    suite = ElementTree.Element(
        "testsuite", name=f"psp-simulator audit {report.provider}", failures=failed, skipped=skipped
    )
    suite.set("tests", str(len(report.findings)))
    suite.set("errors", "0" if report.error is None else "1")
    suite.set("time", f"{report.took_s:.3f}")
    for finding in report.findings:
        case = ElementTree.SubElement(suite, "testcase", classname=finding.check.group, name=finding.check.name)
        if finding.result == "failed":
            failure = ElementTree.SubElement(case, "failure", message=finding.because)
            failure.text = "\n".join([*(f"{n}: {v}" for n, v in finding.evidence.items()), finding.check.advice])
        elif finding.result == "skipped":
            ElementTree.SubElement(case, "skipped", message=finding.because)
    if report.error is not None:
        case = ElementTree.SubElement(suite, "testcase", classname="audit", name="audit")
        ElementTree.SubElement(case, "error", message=report.error)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
