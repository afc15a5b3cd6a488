"""What people type comes first, and what they exclude is gone: names with signs, numbers, dates, accents, scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server

# collection -> external id -> title and content
PAGES = {
    "ids": {
        "bulletin": (
            "Security bulletin March",
            "We patched CVE-2026-2332 in the mail gateway. Restart the gateway afterwards.",
        ),
        "phones": ("Phone list", "Call the warehouse at 02-555-0142 or 010-2332-7781."),
        "invoices": ("Invoices 2026", "Invoice INV-2026-000123 was paid, INV-2026-000124 is open."),
    },
    "files": {
        "artefacts": (
            "Build artefacts",
            "The script writes photo-2024.jpg and quarterly_report.final.pdf into the share.",
        ),
        "portals": (
            "Observation portals",
            "Data come from Waarnemingen.example / observations.example, listed by country.",
        ),
        "servers": (
            "Servers",
            "Log in at buildhost.lab.example.org and start the runner. Contact ops-team@lab.example.org for access.",
        ),
        "links": ("Links", "See https://docs.example.com/guide/zebrafish-install?lang=en for the steps."),
        "importer": (
            "Errors of the importer",
            "It raises java.lang.NullPointerException in com.acme.importer.CsvReader.readLine(CsvReader.java:88).",
        ),
        "config": ("Config", "Set spring.datasource.url and server.port in application.yml, then restart."),
        "python": ("Upgrade to 3.11.4", "Python 3.11.4 fixes the crash of v2.0.1-rc1. Use node.js 20."),
        "sentence": ("Sentence without a space", "The job stopped.Restart it by hand.After that look at the queue."),
    },
    "languages": {
        "c++": ("C++ style guide", "How we write C++ in the engine team. Prefer values to pointers."),
        "c#": ("C# style guide", "How we write C# in the tools team. Use nullable types."),
        "c": ("C style guide", "How we write C in firmware. C is used for drivers only, and C stays at C99."),
        "net": (".NET runtime upgrade", "Move the services to .NET 9 before the summer."),
        "fishing": (
            "Fishing net regulations",
            "A net with meshes below 40 mm is forbidden. The net is measured wet; a net that is torn counts as a net.",
        ),
        "vitamin": ("Vitamin C", "Vitamin C is found in oranges. Vitamin C is lost by cooking."),
    },
    "accents": {
        "road": ("Đường đi", "Con đường ngoằn ngoèo dẫn lên núi."),
        "menu": (
            "Café menu",
            "The café serves crème brûlée and jalapeño bread. Ask for Zoë Müller or Björn Isenböck.",
        ),
        "house": ("House", "A naïve façade."),
        "plain": ("Dessert", "They write creme brulee without accents."),
    },
    "amounts": {
        "가": ("지원 사업 가", "저소득 가구에 1,000만원까지 지원한다."),
        "다": (
            "지원 사업 다",
            "신혼 가구에 500만원까지 지원한다. 500만원은 한 번만 준다. 만원 단위로 신청한다.",
        ),
        "21kg": ("세탁기 21kg", "용량 21kg 세탁기 설명서"),
        "14kg": ("세탁기 14 kg", "용량 14 kg 세탁기 설명서. 세탁기 세탁기"),
        "28일": ("회의록", "2026년 11월 28일 회의에서 예산을 정했다."),
        "27일": ("회의록", "2026-11-27 회의에서 인사를 정했다."),
        "26일": ("회의록", "2026.11.26. 회의에서 이전을 정했다."),
    },
    "money": {
        "fund": ("투자 공고", "총 10억 원 규모의 펀드를 만들고 100만 명에게 알린다."),
        "loan": ("대출 공고", "대출 한도는 5억원이며 금리는 연 3.5%이다."),
        "fare": ("출장비", "서울에서 부산까지 왕복 119,600원까지 낸다."),
        "grant": ("장학금", "30만원을 100만명에게 준다. 10월 5일까지 원서를 낸다."),
        "won": ("환율", "원화는 원 단위로 적고, 억 단위는 적지 않는다."),
    },
    "dots": {
        "시도": ("시ㆍ도지사의 책무", "시ㆍ도지사는 시ㆍ군ㆍ구의 조례를 살핀다. 시ㆍ도 단위로 계획을 세운다."),
        "혁명": ("4ㆍ19혁명", "4ㆍ19혁명 기념일"),
        "전쟁": ("6.25전쟁 참전유공자", "6.25전쟁 참전유공자는 수당을 받는다."),
    },
    "scripts": {
        "thai": ("Breakfast", "ฉันชอบกินข้าวเช้าทุกวันที่บ้าน"),
        "lao": ("Lao", "ຂ້ອຍມັກກິນເຂົ້າຢູ່ເຮືອນ"),
        "khmer": ("Khmer", "ខ្ញុំចូលចិត្តញ៉ាំបាយនៅផ្ទះ"),
        "burmese": ("Burmese", "ကျွန်တော်ထမင်းစားရတာကြိုက်တယ်"),
        "emoji": ("Release", "It is done 🎉 and tested"),
    },
}

# collection, query, the pages that come first, in any order; and those that must not come at all
CASES = [
    ("ids", "2332", {"bulletin", "phones"}, {"invoices"}),
    ("ids", "000123", {"invoices"}, set()),
    ("ids", "0142", {"phones"}, set()),
    ("ids", "cve 2026 2332", {"bulletin"}, set()),
    ("ids", "CVE-2026-2332", {"bulletin"}, set()),
    ("ids", "gateway -2332", set(), {"bulletin", "phones"}),
    ("ids", "INV-2026-000123 -CVE-2026-2332", {"invoices"}, {"bulletin"}),
    ("files", "report", {"artefacts"}, set()),
    ("files", "quarterly report", {"artefacts"}, set()),
    ("files", "photo", {"artefacts"}, set()),
    ("files", "waarnemingen", {"portals"}, set()),
    ("files", "buildhost", {"servers"}, set()),
    ("files", "buildhost.lab", {"servers"}, set()),
    ("files", "lab.example.org", {"servers"}, set()),
    ("files", "ops-team", {"servers"}, set()),
    ("files", "zebrafish", {"links"}, set()),
    ("files", "NullPointerException", {"importer"}, set()),
    ("files", "CsvReader", {"importer"}, set()),
    ("files", "csvreader", {"importer"}, set()),
    ("files", "readLine", {"importer"}, set()),
    ("files", "datasource", {"config"}, set()),
    ("files", "application", {"config"}, set()),
    ("files", "server port", {"config"}, set()),
    ("files", "node", {"python"}, set()),
    ("files", "2.0.1", {"python"}, set()),
    ("files", "stopped", {"sentence"}, set()),
    ("files", "restart", {"sentence", "config"}, set()),
    ("files", "errors -CsvReader", set(), {"importer"}),
    ("files", "spring.datasource.url", {"config"}, set()),
    ("files", "+java.lang.NullPointerException", {"importer"}, {"config", "python"}),
    ("languages", "C++", {"c++"}, set()),
    ("languages", '"C++"', {"c++"}, {"c", "c#", "vitamin"}),
    ("languages", "+C++", {"c++"}, {"c", "c#", "vitamin"}),
    ("languages", "C++ style guide", {"c++"}, set()),
    ("languages", "C# style guide", {"c#"}, set()),
    ("languages", ".NET", {"net"}, set()),
    ("languages", "c++ -c#", {"c++"}, {"c#"}),
    ("languages", "style guide -c#", {"c", "c++"}, {"c#"}),
    ("accents", "creme brulee", {"plain", "menu"}, set()),
    ("accents", "crème brûlée", {"menu"}, set()),
    ("accents", "jalapeno", {"menu"}, set()),
    ("accents", "zoe", {"menu"}, set()),
    ("accents", "muller", {"menu"}, set()),
    ("accents", "mueller", {"menu"}, set()),
    ("accents", "isenboeck", {"menu"}, set()),
    ("accents", "cafe", {"menu"}, set()),
    ("accents", "duong ngoan ngoeo", {"road"}, set()),
    ("accents", "naive facade", {"house"}, set()),
    ("amounts", "1000만원 지원", {"가"}, set()),
    ("amounts", "21 kg 세탁기", {"21kg"}, set()),
    ("amounts", "14kg 세탁기", {"14kg"}, set()),
    ("amounts", "2026.11.28 회의", {"28일"}, set()),
    ("amounts", "2026-11-26 회의", {"26일"}, set()),
    ("amounts", "2026년 11월 27일", {"27일"}, set()),
    ("amounts", "20261126", {"26일"}, set()),
    ("amounts", "2026/11/28", {"28일"}, set()),
    ("money", "10억원", {"fund"}, set()),
    ("money", "10억 원", {"fund"}, set()),
    ("money", "5억 원", {"loan"}, set()),
    ("money", "5억원", {"loan"}, set()),
    ("money", "30만 원", {"grant"}, set()),
    ("money", "119,600 원", {"fare"}, set()),
    ("money", "100만명", {"fund", "grant"}, set()),
    ("money", "100만 명 펀드", {"fund"}, set()),
    ("money", '"10억원"', {"fund"}, {"loan", "fare", "grant", "won"}),
    ("money", '"5억 원"', {"loan"}, {"fund", "fare", "grant", "won"}),
    ("money", '공고 -"10억원"', {"loan"}, {"fund"}),
    ("dots", "시·도", {"시도"}, set()),
    ("dots", "시·군·구", {"시도"}, set()),
    ("dots", "시・도", {"시도"}, set()),
    ("dots", "6ㆍ25", {"전쟁"}, set()),
    ("dots", "6·25전쟁", {"전쟁"}, set()),
    ("scripts", "ข้าว", {"thai"}, set()),
    ("scripts", "กินข้าว", {"thai"}, set()),
    ("scripts", "ເຂົ້າ", {"lao"}, set()),
    ("scripts", "បាយ", {"khmer"}, set()),
    ("scripts", "ထမင်း", {"burmese"}, set()),
    ("scripts", "🎉", {"emoji"}, set()),
]


@pytest.fixture(scope="module")
def shelves(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Client]:
    """Each collection twice: under english and, with a 2 behind its name, under simple."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        for name, pages in PAGES.items():
            for collection, text_config in ((name, "english"), (f"{name}2", "simple")):
                client.create_collection(collection, text_config=text_config)
                client.put_pages(
                    collection,
                    [
                        {"external_id": external_id, "title": title, "content": content}
                        for external_id, (title, content) in pages.items()
                    ],
                )
        yield client


@pytest.mark.parametrize(("collection", "query", "first", "missing"), CASES, ids=[case[1] for case in CASES])
def test_the_pages_that_have_what_was_typed_come_first_and_excluded_ones_not_at_all(
    shelves: Client, collection: str, query: str, first: set[str], missing: set[str]
) -> None:
    for of_config in (collection, f"{collection}2"):
        hits = [hit.external_id for hit in shelves.search(query, collections=of_config)]

        assert set(hits[: len(first)]) == first, (of_config, hits)
        assert not missing & set(hits), (of_config, hits)
