/* Opening and closing without sequence numbers: two ends, a channel of SLOTS messages each way, LOSSES losses.
 * The same rules as tests/explore/abstract.py has in a table.  A message that finds its channel full is lost.
 *   spin -a -DSLOTS=2 -DLOSSES=1 tcp.pml && gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -E -m1000000
 */
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif

mtype = { SYN, SYNACK, ACK, FIN, FINACK, RST };
mtype = { FRESH, LISTEN, SYN_SENT, SYN_RECV, ESTAB, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT, GONE };

chan to[2] = [SLOTS] of { mtype };   /* to[i]: what is on its way to end i */
mtype st[2];
byte losses = LOSSES;
hidden mtype m;

#define QUIET (len(to[0]) == 0 && len(to[1]) == 0)

inline send(i, what) {               /* end i sends */
  if
  :: nfull(to[1 - i]) -> to[1 - i]!what
  :: full(to[1 - i]) -> skip
  fi
}

inline arrive(i) {                   /* m has arrived at end i */
  if
  :: st[i] == LISTEN && m == SYN -> st[i] = SYN_RECV; send(i, SYNACK)
  :: st[i] == SYN_SENT && m == SYNACK -> st[i] = ESTAB; send(i, ACK)
  :: st[i] == SYN_SENT && m == RST -> st[i] = GONE
  :: st[i] == SYN_RECV && m == SYN -> send(i, SYNACK)
  :: st[i] == SYN_RECV && m == ACK -> st[i] = ESTAB
  :: st[i] == SYN_RECV && m == FIN -> st[i] = CLOSE_WAIT; send(i, FINACK)
  :: st[i] == ESTAB && m == SYNACK -> send(i, ACK)
  :: st[i] == ESTAB && m == FIN -> st[i] = CLOSE_WAIT; send(i, FINACK)
  :: st[i] == FIN_WAIT_1 && m == SYNACK -> send(i, ACK)
  :: st[i] == FIN_WAIT_1 && m == FINACK -> st[i] = FIN_WAIT_2
  :: st[i] == FIN_WAIT_1 && m == FIN -> st[i] = CLOSING; send(i, FINACK)
  :: st[i] == FIN_WAIT_2 && m == FIN -> st[i] = TIME_WAIT; send(i, FINACK)
  :: st[i] == CLOSE_WAIT && m == FIN -> send(i, FINACK)
  :: st[i] == CLOSING && m == FINACK -> st[i] = TIME_WAIT
  :: st[i] == CLOSING && m == RST -> st[i] = GONE
  :: st[i] == CLOSING && m == FIN -> send(i, FINACK)
  :: st[i] == LAST_ACK && m == FINACK -> st[i] = GONE
  :: st[i] == LAST_ACK && m == RST -> st[i] = GONE
  :: st[i] == LAST_ACK && m == FIN -> send(i, FINACK)
  :: st[i] == TIME_WAIT && m == FIN -> send(i, FINACK)
  :: st[i] == GONE && m == FIN -> send(i, RST)
  :: else -> skip
  fi;
  m = 0
}

inline repeats(i) {                  /* the retransmission timer of end i runs out */
  if
  :: st[i] == SYN_SENT -> send(i, SYN)
  :: st[i] == SYN_RECV -> send(i, SYNACK)
  :: else -> send(i, FIN)
  fi
}

#define WAITS(i) (st[i] == SYN_SENT || st[i] == SYN_RECV || st[i] == FIN_WAIT_1 || st[i] == CLOSING || st[i] == LAST_ACK)

init {
  d_step { st[0] = FRESH; st[1] = LISTEN };
  do
  :: d_step { st[0] == FRESH -> st[0] = SYN_SENT; send(0, SYN) }
  :: d_step { st[0] == ESTAB -> st[0] = FIN_WAIT_1; send(0, FIN) }
  :: d_step { st[1] == ESTAB -> st[1] = FIN_WAIT_1; send(1, FIN) }
  :: d_step { st[0] == CLOSE_WAIT -> st[0] = LAST_ACK; send(0, FIN) }
  :: d_step { st[1] == CLOSE_WAIT -> st[1] = LAST_ACK; send(1, FIN) }
  :: d_step { st[0] == TIME_WAIT -> st[0] = GONE }
  :: d_step { st[1] == TIME_WAIT -> st[1] = GONE }
  :: d_step { QUIET && WAITS(0) -> repeats(0) }
  :: d_step { QUIET && WAITS(1) -> repeats(1) }
  :: d_step { len(to[0]) > 0 -> to[0]?m; arrive(0) }
  :: d_step { len(to[1]) > 0 -> to[1]?m; arrive(1) }
  :: d_step { len(to[0]) > 0 && losses > 0 -> to[0]?m; m = 0; losses-- }
  :: d_step { len(to[1]) > 0 && losses > 0 -> to[1]?m; m = 0; losses-- }
  od
}
