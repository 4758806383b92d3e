# SPDX-License-Identifier: BSD-3-Clause
"""A call whose two directions are judged on two scales: G.711 one way, AMR-WB the other, whose packets of 33
octets are those of 12.65 kbit/s."""

from __future__ import annotations

import struct

import pytest

import captures
import emodel
from heptap_run import command, read
from packets import SECOND, START, udp

CALL = "two-scales@example.com"
COUNT = 400


def message(first_line: str, body: str) -> bytes:
    return (f"{first_line}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@example.com>;tag=f\r\n"
            f"To: <sip:b@example.com>;tag=t\r\nCall-ID: {CALL}\r\nCSeq: 1 INVITE\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def sdp(address: str, port: int) -> str:
    return (f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0 98\r\na=rtpmap:98 AMR-WB/16000\r\n")


def rtp(i: int, ssrc: int, pt: int, step: int) -> bytes:
    return struct.pack("!BBHII", 0x80, pt, i, i * step, ssrc) + bytes(33)


def capture(path, period: int) -> None:
    """Of AMR-WB each period-th packet is lost; never the first or the last."""
    records = [udp(START, 5060, 5060, message("INVITE sip:b@example.com SIP/2.0",
                                              sdp("198.51.100.1", 4000))),
               udp(START + 1, 5060, 5060, message("SIP/2.0 200 OK", sdp("203.0.113.2", 5000)))]
    for i in range(COUNT):
        t = START + SECOND + i * SECOND // 50
        records.append(udp(t, 4000, 5000, rtp(i, 1, 0, 160)))
        if i % period != period // 2:
            frame = udp(t + 1000, 5000, 4000, rtp(i, 2, 98, 320)).frame
            turned = frame[:26] + frame[30:34] + frame[26:30] + frame[34:]  # the other direction
            records.append(captures.Record(t + 1000, turned))
    captures.write(path, records)


@pytest.mark.parametrize("period, worst_scale", [(20, "WB"), (100, "NB")])
def test_worst_is_the_least_r_and_names_its_scale(tmp_path, period, worst_scale):
    """With 1 % loss AMR-WB has R of 100, which is more than G.711 ever has, though its MOS on the wideband
    scale is the smaller number."""
    path = tmp_path / "call.pcap"
    capture(path, period)
    run = read(path)
    streams = {s["CODEC_NAME"]: s for s in run.streams}
    assert {s["RTP_SIP_CALL_ID"] for s in run.streams} == {CALL}
    wideband = emodel.r_factor(13, 4.3, 100 / period, "WB")
    want = {"pcmu": ("NB", "g113", emodel.default_r()), "amr-wb": ("WB", "g113", wideband)}
    for name, (scale, basis, r) in want.items():
        got = streams[name]
        assert (got["MOS_SCALE"], got["MOS_BASIS"]) == (scale, basis)
        assert got["RFACTOR"] == pytest.approx(r, abs=0.0006)
        assert got["MOS"] == pytest.approx(emodel.mos(r, scale), abs=0.0006)
    assert streams["amr-wb"]["MOS"] < streams["pcmu"]["MOS"]
    call = run.calls[0]
    assert call["worst_mos_scale"] == worst_scale
    worst = emodel.mos(wideband if worst_scale == "WB" else emodel.default_r(), worst_scale)
    assert call["worst_mos"] == pytest.approx(worst, abs=0.0011)

    table = command("-r", path).out.decode().splitlines()
    assert [line.split()[-2:] for line in table if line.startswith(CALL)] == [
        [f"{worst:.2f}", worst_scale]]
    cells = {line.split()[3]: line.split()[-3:] for line in table if line.endswith(CALL)}
    assert cells == {"pcmu": ["4.41", "NB", CALL],
                     "amr-wb": [f"{emodel.mos(wideband, 'WB'):.2f}", "WB", CALL]}
