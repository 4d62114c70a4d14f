use strict;
use warnings;
use LWP::UserAgent;
use URI;

my ($url, $user, $password, $file, $expect) = @ARGV;
open my $in, '<:raw', $file or die $!;
my $body = do { local $/; <$in> };
my $agent = LWP::UserAgent->new;
$agent->credentials(URI->new($url)->host_port, 'webhooks', $user, $password);
my @expect = $expect eq 'expect' ? (Expect => '100-continue') : ();
my $response = $agent->post($url, 'Content-Type' => 'application/xml', @expect, Content => $body);
print $response->code, "\n";
