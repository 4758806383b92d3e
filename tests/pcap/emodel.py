# SPDX-License-Identifier: BSD-3-Clause
"""The E-model, ITU-T G.107 (06/2015), computed from its own equations and Table 3's defaults: the
test's second opinion on rtp-qos/qos_emodel.c, which begins with the result of all this."""

from __future__ import annotations

from math import exp, log10, log2, sqrt

# Scale, Ie, Bpl and where they come from: ITU-T G.113 Appendix I, for G.711 with the loss concealment of
# its own Appendix I; Opus: Alahmadi and others 2021, superwideband by the rates that make-pcap sends.
CODECS = {"pcmu": ("NB", 0, 25.1, "g113"), "pcma": ("NB", 0, 25.1, "g113"),
          "g729": ("NB", 10, 19.0, "g113")}
OPUS = {16: (30.2, 11.8), 19: (23.8, 10.7), 22: (20.2, 10.5), 31: (16.8, 10.4), 34: (14.8, 10.1),
        37: (12.1, 10.4), 40: (10.7, 9.8)}
G711_BPL_WITHOUT_PLC = 4.3

# G.107, G.107.1 and G.107.2: R without impairments, what Ie,eff tends to, and what R is divided by.
BEST = {"NB": None, "WB": 129.0, "FB": 148.0}
LOSS_LIMIT = {"NB": 95, "WB": 95, "FB": 132}
STRETCH = {"NB": 1, "WB": 1.29, "FB": 1.48}


def default_r() -> float:
    """Ro - Is - Id of a connection without delay, coding and loss; section 7.7: 93.2."""
    slr, rlr, stmr, ds, dr, telr, wepl = 8, 2, 15, 3, 3, 65, 110
    nc, nfor, ps, pr, qdu = -70, -64, 35, 35, 1
    olr = slr + rlr
    # 7.2: noise and Ro
    nos = ps - slr - ds - 100 + 0.004 * (ps - olr - ds - 14) ** 2
    pre = pr + 10 * log10(1 + 10 ** ((10 - (stmr + dr)) / 10))
    nor = rlr - 121 + pre + 0.008 * (pre - 35) ** 2
    no = 10 * log10(sum(10 ** (n / 10) for n in (nc, nos, nor, nfor + rlr)))
    ro = 15 - 1.5 * (slr + no)
    # 7.3: what comes with the voice
    xolr = olr + 0.2 * (64 + no - rlr)
    iolr = 20 * ((1 + (xolr / 8) ** 8) ** (1 / 8) - xolr / 8)
    stmro = -10 * log10(10 ** (-stmr / 10) + exp(0) * 10 ** (-telr / 10))
    ist = (12 * (1 + ((stmro - 13) / 6) ** 8) ** (1 / 8)
           - 28 * (1 + ((stmro + 1) / 19.4) ** 35) ** (1 / 35)
           - 13 * (1 + ((stmro - 3) / 33) ** 13) ** (1 / 13) + 29)
    q = 37 - 15 * log10(qdu)
    g = 1.07 + 0.258 * q + 0.0602 * q ** 2
    iq = 15 * log10(1 + 10 ** ((ro - 100) / 15 + 46 / 8.4 - g / 9) + 10 ** (46 / 30 - g / 40))
    # 7.4: delay; with T = Tr = Ta = 0 only the listener's echo is left
    rle = 10.5 * (wepl + 7)
    idle = (ro - rle) / 2 + sqrt((ro - rle) ** 2 / 4 + 169)
    return ro - (iolr + ist + iq) - idle


def best_r(scale: str) -> float:
    return BEST[scale] or default_r()


def absolute_delay(ta: float) -> float:
    """Idd, equations 7-27 and 7-28 with sT = 1, mT = 100 ms."""
    x = log2(ta / 100) if ta > 100 else 0
    return 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2) if x else 0


def delay(ta: float, scale: str = "NB") -> float:
    """Id over that of no delay: NB 7-18 with T = Ta, Tr = 2 Ta; from 2 ms on."""
    if scale != "NB":
        return STRETCH[scale] * absolute_delay(ta)
    no, ro, telr, wepl, rlr = -61.179214, 94.768822, 65, 110, 2
    terv = telr - 40 * log10((1 + ta / 10) / (1 + ta / 150)) + 6 * exp(-0.3 * ta ** 2)
    roe, re = -1.5 * (no - rlr), 80 + 2.5 * (terv - 14)
    idte = ((roe - re) / 2 + sqrt((roe - re) ** 2 / 4 + 100) - 1) * (1 - exp(-ta))
    listener = [(ro - rle) / 2 + sqrt((ro - rle) ** 2 / 4 + 169)
                for rle in (10.5 * (wepl + 7) * (t + 1) ** -0.25 for t in (0, 2 * ta))]
    return idte + listener[1] - listener[0] + absolute_delay(ta)


def r_factor(ie: float, bpl: float, loss_percent: float, scale: str = "NB",
             burst_r: float = 1, ta: float = 0) -> float:
    """Equations 7-1 and 7-29; burst ratio in narrowband only."""
    best, worst = best_r(scale), LOSS_LIMIT[scale]
    burst_r = burst_r if scale == "NB" else 1
    ie_eff = ie + (worst - ie) * loss_percent / (loss_percent / burst_r + bpl)
    return max(0.0, best - ie_eff - (delay(ta, scale) if ta else 0))


def mos(r: float, scale: str = "NB") -> float:
    """Annex B, of G.107.1 Annex A, never below 1."""
    rx = min(100.0, r / STRETCH[scale])
    return max(1.0, 1 + 0.035 * rx + rx * (rx - 60) * (100 - rx) * 7e-6)
