# Draws figure.svg from sweep.csv: gnuplot figure.gp
set terminal svg size 900,700 enhanced background "white"
set output "figure.svg"
set datafile separator ","
set datafile columnheaders
set datafile missing NaN
set logscale x
set xrange [0.8:700]
set xlabel "width p"
set key bottom right
set grid
set linetype 1 linecolor rgb "#440154"
set linetype 2 linecolor rgb "#31688e"
set linetype 3 linecolor rgb "#35b779"
set linetype 4 linecolor rgb "#e69f00"
dimensions = "1000 2000 5000 10000"
selected(d, T, x) = column("dimension") == d && column("threshold") == T ? x : NaN
set multiplot layout 2,2
do for [T in "0.01 0.5"] {
  do for [formula in "annealed quenched"] {
    set title sprintf("T = %s, simulated over %s formula", T, formula)
    set ylabel sprintf("t / t_{%s}", formula)
    plot 1 with lines dashtype 2 linecolor "black" notitle, \
      for [i = 1:words(dimensions)] "sweep.csv" \
      using (selected(word(dimensions, i) + 0, T + 0, column("width"))) \
      :(column("ratio_to_" . formula)) \
      :(1.96 * column("ratio_to_" . formula . "_standard_error")) \
      with yerrorlines linetype i pointtype 7 pointsize 0.4 title "d = " . word(dimensions, i)
  }
}
unset multiplot
